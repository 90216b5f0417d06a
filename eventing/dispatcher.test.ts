import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type CloudEvent, fact, resource } from "../shared/event.ts";
import {
  type AccountFunction,
  type Ctx,
  done,
  drop,
  type Outcome,
  requeue,
  TerminalError,
  waiting,
} from "../shared/function.ts";
import { UnreachableError } from "../shared/kcp/errors.ts";
import { type ManualClock, manualClock } from "../test/manual-clock.ts";
import type { Archive } from "./bus/archive.ts";
import type { Bus } from "./bus/bus.ts";
import type { DeadLetter } from "./bus/dead-letter.ts";
import { createMemoryBus } from "./bus/memory.ts";
import type { DispatchMetrics, Handled, Run } from "./dispatch-metrics.ts";
import { createDispatcher, type Dispatcher } from "./dispatcher.ts";
import { executeHere } from "./execute.ts";
import { maxUnsettled } from "./retry-policy.ts";

const trace = "4bf92f3577b34da6a3ce929d0e0e4736";
const event = (id: string, overrides: Partial<CloudEvent> = {}): CloudEvent => ({
  specversion: "1.0",
  id,
  type: resource.update,
  kind: "Account",
  source: "https://kcp/clusters/1abc",
  subject: "/apis/core.platform-mesh.io/v1alpha1/accounts/foo",
  accountkey: "1abc/foo",
  kcpcluster: "1abc",
  traceparent: `00-${trace}-00f067aa0ba902b7-01`,
  ...overrides,
});
const fn = (
  name: string,
  on: AccountFunction["on"] = [{ type: resource.update, kind: "Account" }],
): AccountFunction => ({
  name,
  on,
  handle: () => Promise.reject(new Error("the dispatcher invokes, it does not call handlers")),
});

interface Line {
  readonly level: string;
  readonly message: string | undefined;
  readonly [field: string]: unknown;
}

let clock: ManualClock;
let bus: Bus & Archive;
let lines: Line[];
let calls: { fn: string; event: CloudEvent; ctx: Ctx }[];
let answer: (fn: string, event: CloudEvent, ctx: Ctx) => Outcome | Promise<Outcome>;
let dispatcher: Dispatcher | undefined;

beforeEach(() => {
  clock = manualClock();
  bus = createMemoryBus({ clock });
  lines = [];
  calls = [];
  answer = () => done();
});
afterEach(() => bus.close());

async function start(
  functions: readonly AccountFunction[] = [fn("f")],
  options: { maxConcurrent?: number; timeLimitMs?: number; metrics?: DispatchMetrics } = {},
): Promise<void> {
  const write = (level: string) => (fields: object, message?: string) => {
    lines.push({ level, message, ...fields });
  };
  dispatcher = createDispatcher({
    ...{ bus, functions, clock, random: () => 0, ...options },
    log: { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") },
    execute: executeHere(async (called, given, ctx) => {
      calls.push({ fn: called.name, event: given, ctx });
      return answer(called.name, given, ctx);
    }),
  });
  await dispatcher.start();
}
const settle = () => clock.pass(0);
async function letters(): Promise<DeadLetter[]> {
  const result: DeadLetter[] = [];
  for await (const stored of bus.deadLetters()) result.push(stored.event as DeadLetter);
  return result;
}
async function published(): Promise<CloudEvent[]> {
  const result: CloudEvent[] = [];
  for await (const stored of bus.history()) result.push(stored.event);
  return result;
}

describe("what becomes of an event", () => {
  it("done: publishes the facts, completed, and acknowledges", async () => {
    answer = () => done({ type: fact.ready }, { type: fact.repaired });
    await start();
    await bus.publish(event("1"));
    await settle();
    const [, ready, repaired] = await published();
    expect([ready?.id, repaired?.id]).toEqual([`1/f/${fact.ready}/0`, `1/f/${fact.repaired}/0`]);
    expect(ready).toMatchObject({ accountkey: "1abc/foo", causationid: "1", source: "/functions/f" });
    await clock.pass(60_000);
    expect(calls).toHaveLength(1);
  });

  it("publishes the facts that come with any other outcome too", async () => {
    answer = () => drop("as it was").repairing({ type: "Normal", reason: "Repaired", message: "made again" });
    await start();
    await bus.publish(event("1"));
    await settle();
    expect((await published()).map(({ type }) => type)).toEqual([resource.update, fact.repaired]);
  });

  it("waiting and drop: acknowledges, without a timer", async () => {
    await start();
    answer = () => waiting("no workspace yet", { kind: "Workspace", cluster: "1abc", name: "foo" });
    await bus.publish(event("1"));
    await settle();
    answer = () => drop("not ours");
    await bus.publish(event("2"));
    await clock.pass(600_000);
    expect(calls).toHaveLength(2);
    expect(lines.map(({ level, outcome, reason }) => [level, outcome, reason])).toEqual([
      ["info", "waiting", "no workspace yet"],
      ["debug", "drop", "not ours"],
    ]);
  });

  it("requeue: comes again after the time asked for, and counts no attempt", async () => {
    answer = () => (calls.length < 3 ? requeue(2_000, "the nudge is due") : done());
    await start();
    await bus.publish(event("1"));
    await clock.pass(1_999);
    expect(calls).toHaveLength(1);
    await clock.pass(2_001);
    expect(calls.map(({ ctx }) => ctx.attempt)).toEqual([1, 1, 1]);
  });

  it("TerminalError: dead letter at once", async () => {
    answer = () => {
      throw new TerminalError("spec.type: no such type");
    };
    await start();
    await bus.publish(event("1"));
    await clock.pass(600_000);
    expect(calls).toHaveLength(1);
    expect(await letters()).toMatchObject([
      { id: "1", knativeerrordest: "f", knativeerrorcode: "422", knativeerrordata: "spec.type: no such type" },
    ]);
    expect(lines).toMatchObject([{ level: "error", outcome: "dead", reason: "spec.type: no such type" }]);
  });

  it("any other throw: ten tries with growing waits, then dead letter, and the next event is handled", async () => {
    answer = (_, { id }) => {
      if (id === "bad") throw new Error("kcp is away");
      return done();
    };
    await start();
    await bus.publish(event("bad"));
    const times: number[] = [];
    const since = clock.now();
    for (let second = 0; second < 200; second++) {
      if (calls.length > times.length) times.push(Math.round((clock.now() - since) / 1000));
      await clock.pass(1_000);
    }
    expect(calls.map(({ ctx }) => ctx.attempt)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(times).toHaveLength(10);
    expect(await letters()).toMatchObject([
      { knativeerrorcode: "500", knativeerrordata: "kcp is away", deliveryattempts: "10" },
    ]);
    await bus.publish(event("good"));
    await settle();
    expect(lines.at(-1)).toMatchObject({ event: "good", outcome: "done" });
  });

  it.each([
    [
      "throws at once",
      () => {
        throw new Error("at once");
      },
    ],
    ["returns nothing", () => undefined as unknown as Outcome],
    ["returns garbage", () => ({ kind: "maybe" }) as unknown as Outcome],
    ["asks to be called again at no time", () => requeue(Number.NaN, "?")],
    ["emits a fact that no bus takes", () => done({ type: fact.ready, data: "x".repeat(9_000_000) })],
  ])("retries what %s", async (_, garbage) => {
    answer = garbage;
    await start();
    await bus.publish(event("1"));
    await settle();
    expect(lines).toMatchObject([{ level: "warn", outcome: "retry", againInMs: 250 }]);
    answer = () => done();
    await clock.pass(250);
    expect(lines.at(-1)).toMatchObject({ outcome: "done", attempt: 2 });
  });

  it("aborts at the time limit, and does not wait for who ignores it", async () => {
    answer = (_, __, { attempt }) => (attempt === 1 ? new Promise(() => {}) : done());
    await start([fn("f")], { timeLimitMs: 60_000 });
    await bus.publish(event("1"));
    await clock.pass(59_999);
    expect(calls[0]?.ctx.signal.aborted).toBe(false);
    await clock.pass(1);
    expect(calls[0]?.ctx.signal.aborted).toBe(true);
    expect(lines).toMatchObject([{ outcome: "retry", reason: "no outcome within 60000 ms" }]);
    await clock.pass(1_000);
    expect(lines.at(-1)).toMatchObject({ outcome: "done" });
  });

  it("does not give up an event because nobody can be reached, however long that lasts", async () => {
    let away = true;
    answer = async () => {
      if (away) throw new UnreachableError("kcp is away");
      return done();
    };
    await start();
    await bus.publish(event("1"));
    await clock.pass(30 * 60_000);
    expect(calls.length).toBeGreaterThan(20);
    away = false;
    await clock.pass(31_000);
    expect(await letters()).toEqual([]);
    expect(lines.at(-1)).toMatchObject({ outcome: "done" });
  });

  it("gives up an event that was delivered often and never ended", async () => {
    // As when it ends the process each time: nobody settles these.
    const crashing = await bus.subscribe({ function: "f", on: fn("f").on, maxInFlight: 1 }, () => {});
    await bus.publish(event("1"));
    await clock.pass((maxUnsettled + 1) * 5_000);
    await crashing.stop();
    await start();
    await settle();
    await clock.pass(10_000);
    expect(calls).toHaveLength(0);
    expect(await letters()).toMatchObject([
      { knativeerrordata: expect.stringMatching(/delivered \d+ times and never ended/) },
    ]);
  });

  it("delivers again what could not be settled", async () => {
    const publish = bus.publish.bind(bus);
    let broken = true;
    bus = {
      ...bus,
      maxBytes: bus.maxBytes,
      connected: true,
      publish: (given, signal) => (broken ? Promise.reject(new Error("NATS is away")) : publish(given, signal)),
    };
    answer = () => done({ type: fact.ready });
    await start();
    await publish(event("1"));
    await settle();
    expect(lines).toMatchObject([{ outcome: "retry", reason: "NATS is away" }]);
    broken = false;
    await clock.pass(1_000);
    expect((await published()).map(({ id }) => id)).toEqual(["1", `1/f/${fact.ready}/0`]);
  });
});

describe("which events reach a function, and when", () => {
  it("compares every attribute of the filters, and acknowledges what does not match", async () => {
    await start([fn("f", [{ type: resource.update, kind: "Workspace", phase: "Ready" }])]);
    await bus.publish(event("1", { kind: "Workspace", phase: "Initializing" }));
    await bus.publish(event("2", { kind: "Workspace", phase: "Ready" }));
    await clock.pass(60_000);
    expect(calls.map(({ event: { id } }) => id)).toEqual(["2"]);
    expect(lines).toHaveLength(1);
  });

  it("handles the events of one account one after the other over all functions, others beside them", async () => {
    const finish: (() => void)[] = [];
    answer = () => new Promise((resolve) => finish.push(() => resolve(done())));
    await start([fn("f"), fn("g")]);
    for (const [id, accountkey] of [
      ["1", "1abc/foo"],
      ["2", "1abc/foo"],
      ["3", "1abc/bar"],
    ] as const) {
      await bus.publish(event(id, { accountkey }));
    }
    await settle();
    expect(new Set(calls.map(({ event: { accountkey } }) => accountkey))).toEqual(new Set(["1abc/bar", "1abc/foo"]));
    finish[0]?.();
    await setImmediate();
    expect(calls).toHaveLength(3);
  });

  it("runs at most maxConcurrent accounts of a function at once", async () => {
    answer = () => new Promise(() => {});
    await start([fn("f")], { maxConcurrent: 3 });
    for (let index = 0; index < 10; index++) await bus.publish(event(`${index}`, { accountkey: `1abc/${index}` }));
    await settle();
    expect(calls).toHaveLength(3);
  });

  it("keeps alive what waits for its turn", async () => {
    answer = (_, { id }) =>
      id === "slow" ? new Promise((resolve) => clock.after(50_000, () => resolve(done()))) : done();
    await start();
    await bus.publish(event("slow"));
    await bus.publish(event("next"));
    await clock.pass(60_000);
    expect(calls.map(({ event: { id }, ctx }) => [id, ctx.attempt])).toEqual([
      ["slow", 1],
      ["next", 1],
    ]);
  });
});

describe("what people see", () => {
  it("writes one line per handled event", async () => {
    answer = () => waiting("no workspace yet", { kind: "Workspace", cluster: "1abc", name: "foo" });
    await start();
    await bus.publish(event("1", { kcppath: "root:orgs:acme" }));
    await settle();
    expect(lines).toEqual([
      {
        level: "info",
        message: "handled",
        function: "f",
        event: "1",
        type: resource.update,
        workspace: "root:orgs:acme",
        subject: "/apis/core.platform-mesh.io/v1alpha1/accounts/foo",
        outcome: "waiting",
        reason: "no workspace yet",
        ms: 0,
        attempt: 1,
        trace,
      },
    ]);
  });

  it("tells metrics what was added, started, handled and given back", async () => {
    const told: unknown[] = [];
    const runs: Run[] = [];
    await start([fn("f")], {
      maxConcurrent: 1,
      metrics: {
        added: (name) => told.push(["added", name]),
        returned: (name) => told.push(["returned", name]),
        started: (run) => {
          runs.push(run);
          told.push(["started", run.event.id, run.waitedMs]);
        },
        handled: (run, handled: Handled) => {
          expect(runs).toContain(run);
          told.push(["handled", run.event.id, handled.outcome, handled.ms]);
        },
      },
    });
    answer = (_, { id }) => new Promise((resolve) => clock.after(id === "1" ? 100 : 1_000, () => resolve(done())));
    for (const id of ["1", "2", "3"]) await bus.publish(event(id));
    await clock.pass(200);
    const drained = dispatcher?.drain(5_000);
    await clock.pass(2_000);
    await drained;
    expect(told).toEqual([
      ["added", "f"],
      ["started", "1", 0],
      ["added", "f"],
      ["added", "f"],
      ["handled", "1", "done", 100],
      ["started", "2", 100],
      ["returned", "f"],
      ["handled", "2", "done", 1_000],
    ]);
  });
});

describe("drain", () => {
  it("finishes what is under way, gives back what has not started, and takes nothing more", async () => {
    answer = () => new Promise((resolve) => clock.after(1_000, () => resolve(done())));
    await start();
    for (const id of ["1", "2"]) await bus.publish(event(id));
    await settle();
    let drained = false;
    const draining = dispatcher?.drain(10_000).then(() => {
      drained = true;
    });
    await bus.publish(event("3"));
    await clock.pass(999);
    expect(drained).toBe(false);
    await clock.pass(1);
    await draining;
    expect(calls.map(({ event: { id } }) => id)).toEqual(["1"]);
    answer = () => done();
    await start();
    await clock.pass(100);
    expect(calls.map(({ event: { id } }) => id).toSorted()).toEqual(["1", "2", "3"]);
  });

  it("aborts what is not done in time, gives it back, and counts it as no failure", async () => {
    answer = () => new Promise(() => {});
    await start();
    await bus.publish(event("1"));
    await settle();
    const drained = dispatcher?.drain(3_000);
    await clock.pass(3_000);
    await drained;
    expect(calls[0]?.ctx.signal.aborted).toBe(true);
    expect(lines).toMatchObject([{ level: "warn", outcome: "retry", reason: "stopping", againInMs: 0 }]);
  });

  it("leaves no timer behind", async () => {
    await start();
    await bus.publish(event("1"));
    await settle();
    await dispatcher?.drain(1_000);
    expect(clock.pending).toBe(0);
  });
});
