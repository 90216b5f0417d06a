import { expect, test } from "vitest";
import type { CloudEvent } from "../../shared/event.ts";
import { manualClock } from "../../test/manual-clock.ts";
import type { Handled, Run } from "../dispatch-metrics.ts";
import { Tallies } from "./tally.ts";

const clock = manualClock();
const run = (name: string): Run => ({
  function: name,
  event: {} as CloudEvent,
  attempt: 1,
  startedAt: clock.now(),
  waitedMs: 0,
});

function handle(tallies: Tallies, handled: Handled, name = "f"): void {
  const one = run(name);
  tallies.added(name);
  tallies.started(one);
  tallies.handled(one, handled);
}

test("errors count for five minutes, and what stopped only because everything stops is none", async () => {
  const tallies = new Tallies(clock);
  handle(tallies, { outcome: "retry", trouble: "error", ms: 1 });
  handle(tallies, { outcome: "retry", trouble: "shutdown", ms: 1 });
  handle(tallies, { outcome: "done", ms: 1 });
  await clock.pass(60_000);
  handle(tallies, { outcome: "dead", trouble: "terminal", ms: 1 });
  expect(tallies.of("f")).toMatchObject({ invocations: 4, errors: 2 });
  await clock.pass(240_000);
  expect(tallies.of("f").errors).toBe(1);
  await clock.pass(60_000);
  expect(tallies.of("f").errors).toBe(0);
  expect(tallies.of("other")).toMatchObject({ invocations: 0, errors: 0 });
});

test("the percentile is of the recent invocations", () => {
  const tallies = new Tallies(clock);
  expect(tallies.of("f").p95Ms).toBeUndefined();
  for (let ms = 1; ms <= 100; ms++) handle(tallies, { outcome: "done", ms });
  expect(tallies.of("f").p95Ms).toBe(95);
  for (let count = 0; count < 1_000; count++) handle(tallies, { outcome: "done", ms: 7 });
  expect(tallies.of("f")).toMatchObject({ p95Ms: 7, invocations: 1_100 });
});

test("what waits for its turn is the lag, and idle is who has no work", async () => {
  const tallies = new Tallies(clock);
  expect(tallies.of("f")).toMatchObject({ waiting: 0, idleMs: undefined });
  const working = run("f");
  tallies.added("f");
  tallies.added("f");
  tallies.added("f");
  tallies.started(working);
  tallies.returned("f");
  expect(tallies.of("f")).toMatchObject({ waiting: 1, idleMs: undefined });
  tallies.handled(working, { outcome: "done", ms: 1 });
  await clock.pass(3_000);
  expect(tallies.of("f")).toMatchObject({ idleMs: 3_000 });
});
