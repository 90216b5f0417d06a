/** Writes every file that follows from functions/index.ts: func.yaml, package.json, and the list that the chart reads. */
import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { generatedFiles } from "../eventing/knative/generated-files.ts";
import { functions, webhooks } from "../functions/index.ts";
import { root } from "./paths.ts";

/** What the files should hold, by their paths below the root. */
export function expectedFiles(): ReadonlyMap<string, string> {
  const { version }: { version: string } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return generatedFiles({ functions, webhooks, version, root, now: new Date().toISOString() });
}

if (import.meta.main) {
  for (const [path, content] of expectedFiles()) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
}
