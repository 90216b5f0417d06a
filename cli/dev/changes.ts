import { setTimeout as delay } from "node:timers/promises";
import { FolderWatch } from "./folder-watch.ts";

/** An editor's save is several changes: they are told together once there was none for so long, in milliseconds. */
const quietMs = 50;

/** The files and folders that change in these folders and below them, until the signal is aborted; what changes while the last ones
 *  are dealt with is told next. */
export async function* changes(roots: readonly string[], signal: AbortSignal): AsyncGenerator<readonly string[]> {
  const changed = new Set<string>();
  let told = Promise.withResolvers<void>();
  using folders = new FolderWatch(roots, (path) => {
    changed.add(path);
    told.resolve();
  });
  signal.addEventListener("abort", () => told.resolve());
  while (!signal.aborted) {
    folders.refresh();
    if (changed.size === 0) await told.promise;
    for (let seen = -1; seen !== folders.changes && !signal.aborted; ) {
      seen = folders.changes;
      await delay(quietMs);
    }
    const paths = [...changed].sort();
    changed.clear();
    told = Promise.withResolvers();
    if (!signal.aborted) yield paths;
  }
}
