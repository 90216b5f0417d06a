import { appendFile, mkdtemp, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { manualClock } from "../../test/manual-clock.ts";
import { recording } from "./archive-contract.ts";
import { createMemoryBus } from "./memory.ts";

let folder: string;
let recordFile: string;
const clock = manualClock();
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "record-file-test-"));
  recordFile = join(folder, "recordings.jsonl");
});
afterEach(() => rm(folder, { recursive: true }));

/** One life of a process: records these, and answers all that it knows then, as `<sequence> <id>`. */
async function live(ids: readonly string[], maxBytes = 1024 * 1024, maxAgeMs = 60_000): Promise<string[]> {
  const bus = createMemoryBus({ recordFile, clock });
  const records = await bus.records({ maxAgeMs, maxBytes });
  for (const id of ids) {
    records.append(recording(id, { startedAt: new Date(clock.now()).toISOString() }));
    await records.flush();
  }
  const known: string[] = [];
  for await (const { sequence, invocation } of bus.invocations()) known.push(`${sequence} ${invocation.event.id}`);
  await bus.close();
  return known;
}

test("recordings survive a restart, with their numbers, as long as they are young enough", async () => {
  expect(await live(["a", "b"])).toEqual(["1 a", "2 b"]);
  await clock.pass(40_000);
  expect(await live(["c"])).toEqual(["1 a", "2 b", "3 c"]);
  await clock.pass(40_000);
  expect(await live(["d"])).toEqual(["3 c", "4 d"]);
  expect((await stat(recordFile)).mode & 0o777).toBe(0o600);
});

test("what a crash has cut off is passed over, and what comes next is whole", async () => {
  await live(["a", "b"]);
  await truncate(recordFile, (await stat(recordFile)).size - 40);
  expect(await live(["c"])).toEqual(["1 a", "2 c"]);
  expect(await live([])).toEqual(["1 a", "2 c"]);
});

test("a first recording that was cut off is no reason to refuse the file", async () => {
  await live(["a"]);
  await truncate(recordFile, 100);
  expect(await live(["b"])).toEqual(["1 b"]);
  expect(await live(["c"])).toEqual(["1 b", "2 c"]);
});

test("two files together stay within the bound, and hold the newest", async () => {
  const ids = Array.from({ length: 40 }, (_, index) => String(index));
  const size = JSON.stringify(recording("00")).length;
  const bound = 10 * size;
  await live(ids, bound);
  const sizes = await Promise.all([recordFile, `${recordFile}.1`].map(async (file) => (await stat(file)).size));
  expect(Math.max(...sizes)).toBeLessThan(bound * 0.75);
  const known = await live([], bound);
  expect(known.at(-1)).toBe("40 39");
  expect(known.length).toBeGreaterThan(4);
});

test("a file that holds something else is refused and left alone", async () => {
  await writeFile(recordFile, "root:x:0:0\n");
  await expect(live(["a"])).rejects.toThrow("it holds something else");
  expect(await readFile(recordFile, "utf8")).toBe("root:x:0:0\n");
  recordFile = folder;
  await expect(live([])).rejects.toThrow(`opening the record file ${folder}: `);
});

test("lines that are no recordings in the middle are passed over", async () => {
  await live(["a"]);
  await appendFile(recordFile, "{}\nnonsense\n");
  expect(await live(["b"])).toEqual(["1 a", "2 b"]);
});
