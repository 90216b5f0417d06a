import { randomUUID } from "node:crypto";
import { readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { root } from "./paths.ts";
import { withProgress } from "./progress.ts";
import { runCommand } from "./run-command.ts";

/** Everything that `npm run build` puts into the bundle. */
const sources = ["cli", "embedded", "eventing", "functions", "shared", "rolldown.config.ts", "package-lock.json"];
const dist = join(root, "dist");

/** Bundles pm as `npm run build` does, unless that is done and nothing has changed since. */
export async function bundlePm(): Promise<void> {
  const built = await modifiedAt(join(dist, "main.js"));
  const changed = await Promise.all(sources.map((source) => newest(join(root, source))));
  if (built > Math.max(...changed)) return;
  const fresh = `${dist}.${randomUUID()}`;
  const rolldown = join(root, "node_modules", ".bin", "rolldown");
  try {
    await withProgress("bundling pm", () => runCommand(rolldown, ["-c", "-d", fresh], { cwd: root }));
    await rm(dist, { recursive: true, force: true });
    // Two that start at once may both come here: the bundle of either will do.
    await rename(fresh, dist).catch(() => undefined);
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

async function newest(path: string): Promise<number> {
  const entries = await readdir(path, { recursive: true }).catch(() => []);
  return Math.max(...(await Promise.all(["", ...entries].map((entry) => modifiedAt(join(path, entry))))));
}

/** Milliseconds since the epoch; 0 when there is no such file. */
async function modifiedAt(file: string): Promise<number> {
  return (await stat(file).catch(() => undefined))?.mtimeMs ?? 0;
}
