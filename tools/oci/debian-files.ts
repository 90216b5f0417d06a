import { execFile } from "node:child_process";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { promisify } from "node:util";
import { extract } from "tar-stream";
import type { BasePackage } from "./base-packages.ts";
import type { Component } from "./component.ts";
import { obtainPackage, type Pin } from "./debian.ts";
import type { Entry } from "./tree.ts";

/** A package as far as it goes into the base layer. */
export interface UnpackedPackage {
  readonly component: Component;
  readonly tree: Map<string, Entry>;
}

/** Takes the wanted paths out of a package, its copyright file, and its record for scanners. */
export async function unpackPackage(wanted: BasePackage, pin: Pin): Promise<UnpackedPackage> {
  const file = await obtainPackage(pin);
  const from = `debian-${pin.name.replaceAll("+", "")}`;
  const tree = await filesOf(file, [...wanted.paths, copyright(pin.name)], from);
  for (const pattern of wanted.paths) {
    if ([...tree.keys()].some((path) => pattern.test(path))) continue;
    throw new Error(`${pin.name} ${pin.version} holds nothing that matches ${pattern} (tools/oci/base-packages.ts)`);
  }
  // Where images without a package manager keep it, and where scanners look.
  const record = await printed("--field", file);
  tree.set(`var/lib/dpkg/status.d/${pin.name}`, { content: record, from });
  return { component: componentOf(from, wanted, pin), tree };
}

const componentOf = (id: string, { license }: BasePackage, pin: Pin): Component => ({
  id,
  name: pin.name,
  version: pin.version,
  license,
  purl: `pkg:deb/debian/${encodeURIComponent(pin.name)}@${encodeURIComponent(pin.version)}?arch=${pin.architecture}&distro=debian-12`,
  supplier: "Organization: Debian",
  checksum: { algorithm: "SHA256", hex: pin.sha256 },
});

/** The file, or the link to the folder of the package that is built from the same source. */
const copyright = (name: string) => new RegExp(`^usr/share/doc/${name.replace(/[.+]/g, "\\$&")}(/copyright)?$`);

async function filesOf(file: string, patterns: readonly RegExp[], from: string): Promise<Map<string, Entry>> {
  const tree = new Map<string, Entry>();
  const archive = extract();
  const content = await printed("--fsys-tarfile", file);
  Readable.from([content]).pipe(archive);
  for await (const item of archive) {
    const { type, name, mode, linkname } = item.header;
    const path = name.replace(/^\.\//, "");
    const bytes = await buffer(item);
    if (!patterns.some((pattern) => pattern.test(path))) continue;
    if (type === "symlink") tree.set(path, { target: linkname, from });
    if (type === "file") tree.set(path, { content: bytes, executable: (mode & 0o111) !== 0, from });
  }
  return tree;
}

async function printed(option: string, file: string): Promise<Buffer> {
  const options = { encoding: "buffer", maxBuffer: 2 ** 28, env: { ...process.env, LC_ALL: "C" } } as const;
  return (await promisify(execFile)("dpkg-deb", [option, file], options)).stdout;
}
