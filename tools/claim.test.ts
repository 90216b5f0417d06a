import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { claim, claimAny, recordProcess } from "./claim.ts";

let parent: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "claim-"));
});
afterEach(() => rm(parent, { recursive: true, force: true }));

const folder = () => join(parent, "up");

test("one living process has a folder to itself until it releases it", async () => {
  const first = await claim(folder());
  expect(first?.folder).toBe(folder());
  expect(await claim(folder())).toBeUndefined();
  await first?.release();
  expect(await claim(folder())).toBeDefined();
});

test("of many claimants at once exactly one succeeds, and no litter stays", async () => {
  const claims = await Promise.all(Array.from({ length: 8 }, () => claim(folder())));
  expect(claims.filter(Boolean)).toHaveLength(1);
  expect(await readdir(parent)).toEqual(["up"]);
});

test("a folder that is in use leads to the next name", async () => {
  await claimAny(folder());
  expect((await claimAny(folder())).folder).toBe(`${folder()}-2`);
});

test("what dead owners left under further names goes too", async () => {
  for (let n = 0; n < 3; n++) await claimAny(folder());
  await writeFile(join(`${folder()}-3`, "owner"), "999999999 1");
  await claimAny(folder());
  expect(await readdir(parent)).toEqual(["up", "up-2", "up-3"]);
  await writeFile(join(`${folder()}-3`, "owner"), "999999999 1");
  await rm(`${folder()}-2`, { recursive: true });
  await claimAny(folder());
  expect(await readdir(parent)).toEqual(["up", "up-2"]);
});

test("what a dead owner left is emptied, and the processes that still ran for it are ended", async () => {
  const left = await claim(folder());
  const orphan = spawn("sleep", ["60"], { detached: true, stdio: "ignore" });
  const ended = once(orphan, "exit");
  await recordProcess(folder(), "kcp", orphan.pid ?? 0);
  await writeFile(join(folder(), "data"), "stale");
  await writeFile(join(folder(), "owner"), "999999999 1");

  expect(await claim(folder())).toBeDefined();
  expect(await readdir(folder())).toEqual(["owner"]);
  expect(await ended).toEqual([null, "SIGKILL"]);
  expect(await readdir(parent)).toEqual(["up"]);
  await left?.release();
});
