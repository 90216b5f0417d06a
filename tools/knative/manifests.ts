import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { loadAll } from "js-yaml";
import { z } from "zod";
import { type Artefact, cached } from "../cache.ts";
import { type Pins, pinsOf } from "../go-tool.ts";
import { runCommand } from "../run-command.ts";

/** Anything that is applied to a cluster. */
export type Manifest = z.infer<typeof manifest>;
const manifest = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
});

/** Packages that hold nothing but manifests. Symlinks into other modules are lost in a module's archive, so those are
 *  named. */
const sources = ["knative.dev/serving/config/core", "knative.dev/networking/config", "knative.dev/caching/config"];
/** Autoscalers of Serving's own deployments, which need a metrics server. */
const leftOut = /-hpa\.yaml$/;

export const servingVersion = (): string => pins().version;

/** All manifests of Knative Serving, as its modules publish them. */
export async function servingManifests(): Promise<readonly Manifest[]> {
  const file = await cached(artefact());
  return parseManifests(await readFile(file, "utf8"));
}

/** The objects of a YAML stream; empty documents are left out. */
export function parseManifests(text: string): readonly Manifest[] {
  return loadAll(text)
    .filter((document) => document !== null && document !== undefined)
    .map((document) => manifest.parse(document));
}

const pins = (): Pins => pinsOf("knative-serving", "knative.dev/serving");

function artefact(): Artefact {
  const { key, folder, requireGo } = pins();
  return {
    name: "knative-serving.yaml",
    key,
    async make({ file }) {
      await requireGo();
      const parts: string[] = [];
      for (const name of sources) {
        const listed = await runCommand("go", ["list", "-mod=readonly", "-f", "{{.Dir}}", name], { cwd: folder });
        const source = listed.trim();
        const files = (await readdir(source, { recursive: true })).filter((path) => path.endsWith(".yaml")).sort();
        for (const path of files) if (!leftOut.test(path)) parts.push(await readFile(join(source, path), "utf8"));
      }
      await writeFile(file, parts.join("\n---\n"));
    },
  };
}
