import { randomUUID } from "node:crypto";
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { functions, webhooks } from "../functions/index.ts";
import { root } from "./paths.ts";
import { withProgress } from "./progress.ts";
import { runCommand } from "./run-command.ts";

/** Everything that `npm run build` puts into the bundle. */
const sources = ["cli", "embedded", "eventing", "functions", "shared", "rolldown.config.ts", "package-lock.json"];
const dist = join(root, "dist");
const rolldown = join(root, "node_modules", ".bin", "rolldown");
const config = "rolldown.functions.config.ts";

/** Bundles pm as `npm run build` does, unless that is done and nothing has changed since. */
export async function bundlePm(): Promise<void> {
  const built = await modifiedAt(join(dist, "main.js"));
  const changed = await Promise.all(sources.map((source) => newest(join(root, source))));
  if (built > Math.max(...changed)) return;
  const fresh = `${dist}.${randomUUID()}`;
  try {
    await withProgress("bundling pm", () => runCommand(rolldown, ["-c", "-d", fresh], { cwd: root }));
    await rm(dist, { recursive: true, force: true });
    // Two that start at once may both come here: the bundle of either will do.
    await rename(fresh, dist).catch(() => undefined);
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

/** Bundles each function as `npm run build` does, unless that is done and nothing has changed since. */
export async function bundleFunctions(): Promise<void> {
  const folders = [...functions.map(({ name }) => name), ...webhooks].map((name) => join(root, "functions", name));
  const built = await Promise.all(folders.map((folder) => modifiedAt(join(folder, "dist", "index.js"))));
  const changed = await Promise.all([...sources, config].map((source) => newest(join(root, source))));
  if (Math.min(...built) > Math.max(...changed)) return;
  // Others may build or run them meanwhile: each file is replaced as a whole.
  const fresh = `dist.${randomUUID()}`;
  try {
    const env = { ...process.env, BUNDLE_FOLDER: fresh };
    await withProgress("bundling the functions", () => runCommand(rolldown, ["-c", config], { cwd: root, env }));
    for (const folder of folders) {
      await mkdir(join(folder, "dist"), { recursive: true });
      await rename(join(folder, fresh, "index.js"), join(folder, "dist", "index.js"));
    }
  } finally {
    for (const folder of folders) await rm(join(folder, fresh), { recursive: true, force: true });
  }
}

async function newest(path: string): Promise<number> {
  const found = await readdir(path, { recursive: true }).catch(() => []);
  const entries = found.filter((entry) => !/(?:^|\/)dist\b/.test(entry));
  return Math.max(...(await Promise.all(["", ...entries].map((entry) => modifiedAt(join(path, entry))))));
}

/** Milliseconds since the epoch; 0 when there is no such file. */
async function modifiedAt(file: string): Promise<number> {
  return (await stat(file).catch(() => undefined))?.mtimeMs ?? 0;
}
