import { readFile, rename, writeFile } from "node:fs/promises";
import type { Store } from "./store/store.ts";

/** What a file holds: all objects, and what makes the server itself the same again. */
export interface Saved {
  readonly format: 1;
  readonly store: ReturnType<Store["snapshot"]>;
}

/** `undefined` when there is no such file. Throws when it holds something else. */
export async function loadData(file: string): Promise<Saved | undefined> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw new Error(`reading ${file}: ${error.message}`, { cause: error });
  });
  if (text === undefined) return undefined;
  const saved: Saved = JSON.parse(text);
  if (saved.format !== 1) throw new Error(`${file} holds no data of the embedded control plane`);
  return saved;
}

/** The file appears whole or not at all. */
export async function saveData(file: string, store: Store): Promise<void> {
  const draft = `${file}.${process.pid}.new`;
  const saved: Saved = { format: 1, store: store.snapshot() };
  await writeFile(draft, JSON.stringify(saved), { mode: 0o600 });
  await rename(draft, file);
}
