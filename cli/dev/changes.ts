import { type FSWatcher, readdirSync, watch } from "node:fs";
import { join } from "node:path";

/** An editor's save is several changes: they are told together once there was none for so long, in milliseconds. */
const quietMs = 50;

/** The files that change in these folders and below them, until the signal is aborted; what changes while the last ones
 *  are dealt with is told next. Folders are watched and not files, which editors replace. */
export async function* changes(roots: readonly string[], signal: AbortSignal): AsyncGenerator<readonly string[]> {
  const watchers = new Map<string, FSWatcher>();
  const changed = new Set<string>();
  let wake = () => {};
  const forget = (folder: string) => {
    watchers.get(folder)?.close();
    watchers.delete(folder);
  };
  const look = (folder: string): void => {
    if (watchers.has(folder)) return;
    const watcher = watch(folder, (_, name) => {
      if (name !== null) changed.add(join(folder, name));
      wake();
    });
    // A folder that is gone; made anew, it is told of by the one above.
    watcher.on("error", () => forget(folder));
    watchers.set(folder, watcher);
  };
  const lookEverywhere = () => {
    const folders = roots.flatMap(foldersOf);
    for (const gone of [...watchers.keys()].filter((folder) => !folders.includes(folder))) forget(gone);
    for (const folder of folders) look(folder);
  };
  const next = (ms?: number) =>
    new Promise<"changed" | "quiet">((resolve) => {
      const timer = ms === undefined ? undefined : setTimeout(() => resolve("quiet"), ms);
      wake = () => {
        clearTimeout(timer);
        resolve("changed");
      };
    });
  signal.addEventListener("abort", () => wake());
  try {
    while (!signal.aborted) {
      lookEverywhere();
      if (changed.size === 0) await next();
      while (!signal.aborted && (await next(quietMs)) === "changed");
      const files = [...changed].sort();
      changed.clear();
      if (!signal.aborted) yield files;
    }
  } finally {
    for (const folder of [...watchers.keys()]) forget(folder);
  }
}

function foldersOf(root: string): readonly string[] {
  const below = readdirSync(root, { withFileTypes: true, recursive: true }).filter((entry) => entry.isDirectory());
  return [root, ...below.map(({ parentPath, name }) => join(parentPath, name))];
}
