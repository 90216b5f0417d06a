import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { CloudEvent } from "../../shared/event.ts";
import type { Log } from "../../shared/function.ts";
import { manualClock } from "../../test/manual-clock.ts";
import { FileMap } from "../bus/file-map.ts";
import { maxAttempts } from "../retry-policy.ts";
import type { Delivered } from "./deliver.ts";
import { Scheduler } from "./scheduler.ts";
import type { Timer } from "./timer.ts";
import { type TimerBounds, Timers } from "./timers.ts";

const silent: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const event = (id: string, more: Partial<CloudEvent> = {}): CloudEvent => ({
  ...{ specversion: "1.0", id, type: "t", source: "/s", accountkey: "c/a", data: { id } },
  ...more,
});

let folder: string;
const opened: FileMap[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "scheduler-"));
});
afterEach(async () => {
  for (const map of opened.splice(0)) await map.close();
  await rm(folder, { recursive: true });
});

interface Options {
  readonly answers?: (timer: Timer, signal: AbortSignal) => Promise<Delivered> | Delivered;
  readonly bounds?: TimerBounds;
  readonly clock?: ReturnType<typeof manualClock>;
}

/** A process with the timers of the folder; what it had before is there again. */
async function start({ answers = () => ({ is: "handled" }), bounds, clock = manualClock() }: Options = {}) {
  const map = await FileMap.open(folder, "timers");
  opened.push(map);
  const timers = new Timers(map, bounds ?? { count: 100, bytes: 1024 * 1024 }, silent);
  const delivered: string[] = [];
  const buried: string[] = [];
  const ended: string[] = [];
  const scheduler = new Scheduler({
    timers,
    deliver: async (timer, signal) => {
      delivered.push(`${clock.now() - t0} ${timer.function} ${timer.event.id}`);
      return answers(timer, signal);
    },
    bury: async ({ event: { id } }, { code, reason }) => void buried.push(`${id} ${code} ${reason}`),
    ended: (name, outcome) => ended.push(`${name} ${outcome}`),
    ...{ clock, random: () => 1, log: silent },
  });
  await scheduler.start();
  return {
    ...{ map, timers, scheduler, clock, delivered, buried, ended },
    add: (fn: string, one: CloudEvent, afterMs: number) =>
      timers.add({ function: fn, event: one, dueAt: clock.now() + afterMs, refusals: 0 }),
    /** Lets time pass in steps, and after each all that is to be written. */
    async pass(ms: number) {
      const step = Math.max(100, ms / 100);
      for (let left = ms; left > 0; left -= step) {
        await clock.pass(Math.min(step, left));
        for (let round = 0; round < 2; round++) {
          await map.set(["barrier", "now"], "");
          await delay(1);
        }
      }
    },
    stored: async () => (await map.entries(["timer"])).size,
  };
}
const t0 = manualClock().now();

describe("decisions 6: an event that is to come again later", () => {
  test("comes to its function when it is due, once", async () => {
    const each = await start();
    await each.add("f", event("1"), 1_000);
    await each.pass(900);
    expect(each.delivered).toEqual([]);
    await each.pass(5_000);
    expect(each.delivered).toEqual(["1000 f 1"]);
    expect(await each.stored()).toBe(0);
    expect(each.ended).toEqual(["f handled"]);
  });

  test("is still there after a kill, and comes at once when it was due meanwhile", async () => {
    const killed = await start();
    await killed.add("f", event("1"), 1_000);
    await killed.add("f", event("2", { accountkey: "c/b" }), 60_000);
    const clock = manualClock(t0 + 30_000);
    const each = await start({ clock });
    await each.pass(100);
    expect(each.delivered).toEqual(["30000 f 1"]);
    await each.pass(30_000);
    expect(each.delivered).toEqual(["30000 f 1", "60000 f 2"]);
  });

  test("is one timer for an event and a function, however often it is asked for: the last time holds", async () => {
    const each = await start();
    await each.add("f", event("1"), 1_000);
    await each.add("f", event("1"), 3_000);
    await each.add("g", event("1", { accountkey: "c/b" }), 1_000);
    await each.pass(5_000);
    expect(each.delivered).toEqual(["1000 g 1", "3000 f 1"]);
  });

  test("is asked for again by the function while it handles it: that is another time, and not lost", async () => {
    let times = 0;
    const each = await start({
      answers: async ({ event: one }) => {
        if (++times < 3) await each.add("f", one, 2_000);
        return { is: "handled" };
      },
    });
    await each.add("f", event("1"), 1_000);
    await each.pass(10_000);
    expect(each.delivered).toEqual(["1000 f 1", "3000 f 1", "5000 f 1"]);
    expect(await each.stored()).toBe(0);
  });

  test("comes again after growing pauses while the function fails, over a kill too, and is a dead letter at last", async () => {
    const answers = () => ({ is: "refused", code: 500, reason: "no" }) as const;
    const killed = await start({ answers });
    await killed.add("f", event("1"), 0);
    await killed.pass(3_000);
    expect(killed.delivered.map((line) => Number(line.split(" ")[0]))).toEqual([0, 500, 1500]);
    const each = await start({ answers, clock: manualClock(killed.clock.now()) });
    await each.pass(300_000);
    expect(killed.delivered.length + each.delivered.length).toBe(maxAttempts);
    expect(each.buried).toEqual(["1 500 no"]);
    expect(await each.stored()).toBe(0);
    expect(each.ended.at(-1)).toBe("f dead");
  });

  test("waits for a function that nobody reaches, however long", async () => {
    let isUp = false;
    const each = await start({ answers: () => (isUp ? { is: "handled" } : { is: "unheard", reason: "away" }) });
    await each.add("f", event("1"), 0);
    await each.pass(600_000);
    expect(each.delivered.length).toBeGreaterThan(maxAttempts);
    expect(each.buried).toEqual([]);
    isUp = true;
    await each.pass(60_000);
    expect(each.ended.at(-1)).toBe("f handled");
  });

  test("those of one account come one after the other, those of others beside them", async () => {
    const waiting: (() => void)[] = [];
    const each = await start({
      answers: () => new Promise<Delivered>((resolve) => waiting.push(() => resolve({ is: "handled" }))),
    });
    await each.add("f", event("1"), 0);
    await each.add("g", event("2"), 0);
    await each.add("f", event("3", { accountkey: "c/b" }), 0);
    await each.pass(100);
    expect(each.delivered.map((line) => line.split(" ")[2] ?? "").toSorted((a, b) => a.localeCompare(b))).toEqual([
      "1",
      "3",
    ]);
    waiting[0]?.();
    await each.pass(100);
    expect(each.delivered).toHaveLength(3);
    for (const end of waiting) end();
  });

  test("what is under way when the process stops comes again at the next start", async () => {
    const stopped = await start({
      answers: (_, signal) =>
        new Promise<Delivered>((resolve) =>
          signal.addEventListener("abort", () => resolve({ is: "unheard", reason: "stopping" })),
        ),
    });
    await stopped.add("f", event("1"), 0);
    await stopped.pass(100);
    const stopping = stopped.scheduler.stop(1_000);
    await stopped.pass(1_100);
    await stopping;
    const each = await start({ clock: stopped.clock });
    await each.pass(100);
    expect(each.delivered).toHaveLength(1);
  });

  test("no more are taken than there is room for, in number and in bytes; one that is known may still change", async () => {
    const each = await start({ bounds: { count: 2, bytes: 600 } });
    expect(await each.add("f", event("1"), 1_000)).toBe(true);
    expect(await each.add("f", event("2"), 1_000)).toBe(true);
    expect(await each.add("f", event("3"), 1_000)).toBe(false);
    expect(await each.add("f", event("1"), 2_000)).toBe(true);
    expect(await each.add("f", event("2", { data: "x".repeat(600) }), 1_000)).toBe(false);
    await each.pass(3_000);
    expect(await each.add("f", event("3"), 1_000)).toBe(true);
  });

  test("decisions 5: an event too large for the storage is kept without its data", async () => {
    const each = await start({ bounds: { count: 10, bytes: 64 * 1024 * 1024 } });
    await each.add("f", event("1", { data: "x".repeat(5 * 1024 * 1024) }), 1_000);
    const [entry] = (await each.map.entries(["timer"])).values();
    expect(entry?.text.length).toBeLessThan(1_000);
    expect(entry?.text).toContain(`"dataomitted":"true"`);
  });
});
