import { buffer } from "node:stream/consumers";
import { type Header, pack } from "tar-stream";
import { isLink, sortedPaths, type Tree } from "./tree.ts";

/** A tar of the tree: folders before what they hold, everything root's, nothing of the hour. */
export async function tarOf(tree: Tree): Promise<Buffer> {
  const tar = pack();
  const whole = buffer(tar);
  for (const path of sortedPaths(tree)) {
    const { header, content } = recordOf(path, tree);
    await new Promise<void>((resolve, reject) =>
      tar.entry(header, content, (error?: Error | null) => (error ? reject(error) : resolve())),
    );
  }
  tar.finalize();
  return await whole;
}

function recordOf(path: string, tree: Tree): { header: Partial<Header> & Pick<Header, "name">; content: Buffer } {
  const same = { uid: 0, gid: 0, uname: "", gname: "", mtime: new Date(0) };
  const entry = tree.get(path);
  const nothing = Buffer.alloc(0);
  if (!entry) return { header: { ...same, name: `${path}/`, type: "directory", mode: 0o755 }, content: nothing };
  if (isLink(entry)) {
    return { header: { ...same, name: path, type: "symlink", mode: 0o777, linkname: entry.target }, content: nothing };
  }
  const mode = entry.executable ? 0o555 : 0o444;
  return { header: { ...same, name: path, type: "file", mode, size: entry.content.length }, content: entry.content };
}
