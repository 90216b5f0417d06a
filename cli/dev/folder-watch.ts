import { type FSWatcher, readdirSync, statSync, watch } from "node:fs";
import { basename, join } from "node:path";

/** Watches folders and all below them. Folders and not files, since editors put a new file in the place of the old. */
export class FolderWatch implements Disposable {
  /** How many there were. */
  changes = 0;
  readonly #roots: readonly string[];
  readonly #told: (path: string) => void;
  readonly #watchers = new Map<string, FSWatcher>();

  constructor(roots: readonly string[], told: (path: string) => void) {
    this.#roots = roots;
    this.#told = told;
  }

  /** Finds the folders that are new. */
  refresh(): void {
    try {
      for (const folder of this.#roots.flatMap(foldersOf)) {
        if (!this.#watchers.has(folder)) this.#watch(folder);
      }
    } catch (error) {
      // What went away while we looked is told by the folder above, and looked for again.
      if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
    }
  }

  [Symbol.dispose](): void {
    for (const folder of [...this.#watchers.keys()]) this.#forget(folder);
  }

  #watch(folder: string): void {
    const watcher = watch(folder, (_, name) => {
      const isItself = name === null || name === basename(folder);
      // It may be gone, and another one be there at the next look.
      if (isItself) this.#forget(folder);
      this.changes++;
      this.#told(isItself ? folder : join(folder, name));
    });
    watcher.on("error", () => this.#forget(folder));
    this.#watchers.set(folder, watcher);
  }

  #forget(folder: string): void {
    this.#watchers.get(folder)?.close();
    this.#watchers.delete(folder);
  }
}

function foldersOf(root: string): readonly string[] {
  if (!statSync(root, { throwIfNoEntry: false })?.isDirectory()) return [];
  return [root, ...readdirSync(root).flatMap((name) => foldersOf(join(root, name)))];
}
