import { randomBytes } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import { selfSigned } from "../shared/self-signed.ts";
import type { Store } from "./store/store.ts";

/** What makes a server the same again for its clients. */
export interface Identity {
  readonly key: string;
  readonly cert: string;
  readonly adminToken: string;
  readonly shardToken: string;
}
export interface Saved {
  readonly format: 1;
  readonly identity: Identity;
  readonly store: ReturnType<Store["snapshot"]>;
}

const newToken = () => randomBytes(24).toString("hex");

export const newIdentity = (): Identity => ({
  ...selfSigned("localhost"),
  adminToken: newToken(),
  shardToken: newToken(),
});

/** `undefined` when there is no such file. Throws when it holds something else. */
export async function loadData(file: string): Promise<Saved | undefined> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw new Error(`reading ${file}: ${error.message}`, { cause: error });
  });
  if (text === undefined) return undefined;
  const foreign = `${file} holds no data of the embedded control plane`;
  const { format, identity, store } = parsed(text, foreign);
  if (format !== 1 || !identity || !store) throw new Error(foreign);
  return { format, identity, store };
}

function parsed(text: string, foreign: string): Partial<Saved> {
  try {
    return JSON.parse(text) ?? {};
  } catch (cause) {
    throw new Error(`${foreign}, or was cut off: ${cause}`, { cause });
  }
}

/** The file appears whole or not at all, for its owner alone: it holds Secrets and tokens. */
export async function saveData(file: string, identity: Identity, store: Store): Promise<void> {
  const draft = `${file}.${process.pid}.new`;
  const saved: Saved = { format: 1, identity, store: store.snapshot() };
  await writeFile(draft, JSON.stringify(saved), { mode: 0o600 });
  await rename(draft, file);
}
