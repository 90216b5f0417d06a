import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { checkpointIn } from "./checkpoint.ts";
import { FileMap } from "./file-map.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "file-map-"));
});
afterEach(async () => {
  for (const map of opened.splice(0)) await map.close();
  await rm(folder, { recursive: true });
});

/** Closed after the test only: a kill closes nothing. */
const opened: FileMap[] = [];
async function open(): Promise<FileMap> {
  const map = await FileMap.open(folder, "map");
  opened.push(map);
  return map;
}

const path = () => join(folder, "map.jsonl");
const textsOf = async (map: FileMap, prefix: readonly string[]) =>
  [...(await map.entries(prefix))].map(([name, { text }]) => `${name}=${text}`).toSorted();

test("what was set is there after a kill, which closes nothing", async () => {
  const map = await open();
  await Promise.all([map.set(["a", "1"], "x"), map.set(["a", "2"], "y"), map.set(["b", "1"], "z")]);
  await map.set(["a", "1"], "newer");
  await map.delete(["a", "2"]);
  const again = await open();
  expect(await textsOf(again, ["a"])).toEqual(["1=newer"]);
  expect(await textsOf(again, ["b"])).toEqual(["1=z"]);
});

test("a line that the kill cut off is passed over, and what is written next is not lost with it", async () => {
  const map = await open();
  await map.set(["a", "1"], "x");
  await appendFile(path(), `[["a","2"],"hal`);
  const again = await open();
  await again.set(["a", "3"], "y");
  expect(await textsOf(await open(), ["a"])).toEqual(["1=x", "3=y"]);
});

test("a kill while the file is written anew leaves the old one", async () => {
  const map = await open();
  await map.set(["a", "1"], "x");
  await writeFile(`${path()}.new`, `[["a","1"],"ha`);
  expect(await textsOf(await open(), ["a"])).toEqual(["1=x"]);
});

test("the file stays small however often an entry changes", async () => {
  const map = await open();
  for (let round = 0; round < 40; round++) {
    await Promise.all(Array.from({ length: 100 }, (_, index) => map.set(["a", String(index % 10)], "x".repeat(20))));
  }
  expect((await stat(path())).size).toBeLessThan(1_200 * 40);
  expect(await textsOf(map, ["a"])).toHaveLength(10);
});

test("whoever follows is told of what there is, then of each change", async () => {
  const map = await open();
  await map.set(["a", "1"], "x");
  const told: string[] = [];
  const stop = new AbortController();
  await map.follow(["a"], (name, entry) => told.push(`${name} ${entry?.text}`), stop.signal);
  await map.set(["a", "2"], "y");
  await map.set(["b", "1"], "other");
  await map.delete(["a", "1"]);
  stop.abort();
  await map.set(["a", "3"], "z");
  expect(told).toEqual(["1 x", "2 y", "1 undefined"]);
});

test("an entry that was set anew meanwhile is not deleted", async () => {
  const map = await open();
  await map.set(["a", "1"], "x");
  const { revision } = (await map.entries(["a"])).get("1") ?? { revision: 0 };
  await map.set(["a", "1"], "y");
  await map.delete(["a", "1"], revision);
  expect(await textsOf(map, ["a"])).toEqual(["1=y"]);
});

test("a change that cannot be written is not told as done; the next one can be", async () => {
  const map = await open();
  await map.close();
  await expect(map.set(["a", "1"], "x")).rejects.toThrow("closed");
  expect(await textsOf(map, ["a"])).toEqual([]);
});

test("a folder that cannot be written is named, with the flag", async () => {
  await writeFile(join(folder, "file"), "");
  await expect(FileMap.open(join(folder, "file"), "map")).rejects.toThrow(/opening the state in .*--state-dir/);
});

test("decisions 3: holds a checkpoint", async () => {
  const map = await open();
  const checkpoint = checkpointIn(map);
  await checkpoint.set("shard", "Account", "c1/acme", { uid: "u", resourceVersion: "5", accountkey: "c1/acme" });
  await checkpoint.set("shard", "Account", "c1/gone", { uid: "v", resourceVersion: "6" });
  await checkpoint.delete("shard", "Account", "c1/gone");
  const again = checkpointIn(await open());
  expect([...(await again.load("shard", "Account"))]).toEqual([
    ["c1/acme", { uid: "u", resourceVersion: "5", accountkey: "c1/acme" }],
  ]);
  expect(await readFile(path(), "utf8")).not.toContain("gone");
});
