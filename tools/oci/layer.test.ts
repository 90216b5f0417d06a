import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { readTar } from "../../test/images/unpack.ts";
import { digestOf } from "./blob.ts";
import { layerOf } from "./layer.ts";
import { type Entry, merged } from "./tree.ts";

const file = (content: string, more: { readonly executable?: boolean } = {}): Entry => ({
  content: Buffer.from(content),
  from: "test",
  ...more,
});
const entries: readonly (readonly [string, Entry])[] = [
  ["usr/bin/node", file("binary", { executable: true })],
  ["usr/bin-notes", file("sorted by bytes")],
  ["etc/os-release", { target: "../usr/lib/os-release", from: "test" }],
];

test("a layer holds folders before what is in them, root's and closed to writing, of no date", async () => {
  const { blob } = await layerOf("test", new Map(entries));
  const records = await readTar(gunzipSync(blob.bytes));
  expect(records.map(({ header: { name, type, mode } }) => [name, type, mode.toString(8)])).toEqual([
    ["etc/", "directory", "755"],
    ["etc/os-release", "symlink", "777"],
    ["usr/", "directory", "755"],
    ["usr/bin/", "directory", "755"],
    ["usr/bin-notes", "file", "444"],
    ["usr/bin/node", "file", "555"],
  ]);
  for (const { header } of records) expect(header).toMatchObject({ uid: 0, gid: 0, uname: "", mtime: new Date(0) });
});

test("equal files give equal layers, in whatever order they come; one byte more gives another", async () => {
  const digest = async (tree: readonly (readonly [string, Entry])[]) =>
    (await layerOf("test", new Map(tree))).blob.descriptor.digest;
  expect(await digest(entries.toReversed())).toBe(await digest(entries));
  expect(await digest([...entries, ["a", file("")]])).not.toBe(await digest(entries));
});

test("a layer is called by its compressed bytes, and by those of its tar", async () => {
  const { blob, diffId } = await layerOf("test", new Map(entries));
  expect(blob.descriptor).toMatchObject({ digest: digestOf(blob.bytes), size: blob.bytes.length });
  expect(diffId).toBe(digestOf(gunzipSync(blob.bytes)));
});

test("a path that comes from two places is a mistake that is named", () => {
  const other: Entry = { content: Buffer.from(""), from: "other" };
  expect(() => merged(new Map(entries), new Map([["usr/bin/node", other]]))).toThrow(
    "/usr/bin/node comes from both test and other",
  );
});
