import { createHash } from "node:crypto";
import { posix } from "node:path";

/** What a layer holds at one path. Everything belongs to root and is read-only for all others. */
export type Entry = FileEntry | LinkEntry;

export interface FileEntry {
  readonly content: Buffer;
  readonly executable?: boolean;
  /** Id of the component that it comes from. */
  readonly from: string;
}
export interface LinkEntry {
  readonly target: string;
  readonly from: string;
}
/** Entries by path without a leading slash, as `usr/lib/os-release`. Folders are those that the paths imply. */
export type Tree = ReadonlyMap<string, Entry>;

export const isLink = (entry: Entry): entry is LinkEntry => "target" in entry;

/** All entries of several trees; a path that two of them hold is a mistake. */
export function merged(...trees: readonly Tree[]): Tree {
  const all = new Map<string, Entry>();
  for (const [path, entry] of trees.flatMap((tree) => [...tree])) {
    const other = all.get(path);
    if (other) throw new Error(`/${path} comes from both ${other.from} and ${entry.from}`);
    all.set(path, entry);
  }
  return all;
}

/** Every folder above the entries, and the entries, in the order of their bytes: a folder before what it holds. */
export function sortedPaths(tree: Tree): readonly string[] {
  const paths = new Set(tree.keys());
  for (const path of tree.keys()) {
    for (let folder = posix.dirname(path); folder !== "."; folder = posix.dirname(folder)) paths.add(folder);
  }
  return [...paths].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

/** Checksums of a file's content in hexadecimal. Images share files, and one is large: each is summed up once. */
export function sumsOf(entry: FileEntry): Sums {
  const sum = (algorithm: string) => createHash(algorithm).update(entry.content).digest("hex");
  const sums = summed.get(entry) ?? { sha1: sum("sha1"), sha256: sum("sha256") };
  summed.set(entry, sums);
  return sums;
}

export interface Sums {
  readonly sha1: string;
  readonly sha256: string;
}
const summed = new WeakMap<FileEntry, Sums>();
