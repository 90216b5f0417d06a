import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Artefact, cached } from "./cache.ts";

let cache: string;
beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), "cache-"));
  vi.stubEnv("XDG_CACHE_HOME", cache);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(cache, { recursive: true, force: true });
});

function program(key = "v1-abc-linux-x64"): Artefact & { made: number } {
  return {
    name: "tool",
    key,
    made: 0,
    async make({ file }) {
      this.made++;
      await writeFile(file, `program ${key}`);
    },
  };
}

test("a program is made once, outside the checkout, with its checksum beside it", async () => {
  const tool = program();
  const file = await cached(tool);
  expect(file).toBe(join(cache, "account-functions", "tool", tool.key, "tool"));
  expect(await readFile(`${file}.sha256`, "utf8")).toMatch(/^[0-9a-f]{64} {2}tool\n$/);
  expect(await cached(tool)).toBe(file);
  expect(tool.made).toBe(1);
});

test("another pin is another program", async () => {
  expect(await cached(program("v1"))).not.toBe(await cached(program("v2")));
});

test("a program that was changed since is made again", async () => {
  const tool = program();
  const file = await cached(tool);
  await writeFile(file, "something else");
  await cached(tool);
  expect(await readFile(file, "utf8")).toBe(`program ${tool.key}`);
  expect(tool.made).toBe(2);
});

test("two runs at once make it once", async () => {
  const tool = program();
  await Promise.all([cached(tool), cached(tool)]);
  expect(tool.made).toBe(1);
});

test("a failed attempt leaves nothing behind that could be taken for the program", async () => {
  const broken = { ...program(), make: () => Promise.reject(new Error("no compiler")) };
  await expect(cached(broken)).rejects.toThrow("no compiler");
  const tool = program();
  await cached(tool);
  expect(tool.made).toBe(1);
});

test("what a program needs beside itself moves with it, and is made again when it is gone", async () => {
  const tool = program();
  const withFolder: Artefact = {
    ...tool,
    beside: ["lib"],
    async make(target) {
      await mkdir(join(target.folder, "lib"));
      await writeFile(join(target.folder, "lib", "part"), "part");
      await tool.make(target);
    },
  };
  const part = join(dirname(await cached(withFolder)), "lib", "part");
  expect(await readFile(part, "utf8")).toBe("part");
  await rm(dirname(part), { recursive: true });
  await cached(withFolder);
  expect(await readFile(part, "utf8")).toBe("part");
  expect(tool.made).toBe(2);
});
