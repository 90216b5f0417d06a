import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { cached } from "../cache.ts";
import { type Blob, blobOf, digestOf, mediaTypes } from "./blob.ts";
import { tarOf } from "./tar.ts";
import { isLink, sortedPaths, sumsOf, type Tree } from "./tree.ts";

export interface Layer {
  /** What it holds, in a few words. */
  readonly title: string;
  readonly tree: Tree;
  readonly blob: Blob;
  /** Digest of the tar before it is compressed. */
  readonly diffId: string;
}

const compress = promisify(gzip);
/** Counted up whenever equal trees shall give other bytes. */
const recipe = 1;

/** A layer of these files. Equal files give equal bytes: nothing of the machine, the user or the hour goes in. */
export async function layerOf(title: string, tree: Tree): Promise<Layer> {
  const tar = await tarOf(tree);
  // Node's gzip writes neither name nor time into the header.
  const bytes = await compress(tar, { level: 6 });
  return { title, tree, blob: blobOf(bytes, mediaTypes.layer), diffId: digestOf(tar) };
}

/** The same for what is large and seldom changes: compressed once for all checkouts of this machine. */
export async function cachedLayerOf(title: string, tree: Tree): Promise<Layer> {
  const file = await cached({
    name: "image-layer",
    key: keyOf(tree),
    beside: ["diff-id"],
    async make({ file, folder }) {
      const { blob, diffId } = await layerOf(title, tree);
      await writeFile(join(folder, "diff-id"), diffId);
      await writeFile(file, blob.bytes);
    },
  });
  const [bytes, diffId] = await Promise.all([readFile(file), readFile(join(dirname(file), "diff-id"), "utf8")]);
  return { title, tree, blob: blobOf(bytes, mediaTypes.layer), diffId };
}

function keyOf(tree: Tree): string {
  const hash = createHash("sha256").update(`${recipe} ${process.versions.zlib}\n`);
  for (const path of sortedPaths(tree)) {
    const entry = tree.get(path);
    if (!entry) continue;
    const what = isLink(entry) ? `-> ${entry.target}` : `${entry.executable} ${sumsOf(entry).sha256}`;
    hash.update(`${JSON.stringify(path)} ${what}\n`);
  }
  return hash.digest("hex").slice(0, 24);
}
