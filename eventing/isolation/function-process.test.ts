import { setImmediate } from "node:timers/promises";
import { beforeEach, expect, test } from "vitest";
import { type ManualClock, manualClock } from "../../test/manual-clock.ts";
import { BrokenConnectionError, type Child, type Exit, StartError } from "./child.ts";
import { FunctionProcess } from "./function-process.ts";

const idleMs = 30_000;
const signal = new AbortController().signal;
const exit = (overrides: Partial<Exit> = {}): Exit => ({ code: null, signal: null, lastWords: [], ...overrides });

interface FakeChild extends Child {
  end(exit: Exit): void;
  readonly signals: string[];
  alive: boolean;
}

let clock: ManualClock;
let lines: { readonly message: string | undefined; readonly [field: string]: unknown }[];
let told: string[];
let children: FakeChild[];
/** Milliseconds until the next process is ready, or why it never is. */
let next: number | Error;
let process: FunctionProcess;

beforeEach(() => {
  clock = manualClock();
  [lines, told, children, next] = [[], [], [], 300];
  const write = (fields: object, message?: string) => void lines.push({ ...fields, message });
  process = new FunctionProcess("f", {
    ...{ clock, idleMs, launch },
    log: { debug: write, info: write, warn: write, error: write },
    metrics: {
      started: (_, ms) => void told.push(`started in ${ms}`),
      ended: (_, why) => void told.push(`ended: ${why}`),
    },
  });
});

/** A process that takes a while to be ready, and ends at once when it is told to. */
async function launch(_: string, host: { readonly signal: AbortSignal }): Promise<Child> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const starting = next;
  host.signal.addEventListener("abort", () => reject(host.signal.reason));
  clock.after(starting instanceof Error ? 10 : starting, () =>
    starting instanceof Error ? reject(starting) : resolve(),
  );
  await promise;
  const ended = Promise.withResolvers<Exit>();
  const child: FakeChild = {
    pid: 100 + children.length,
    url: "http://child/",
    ended: ended.promise,
    alive: true,
    isAlive: async () => child.alive,
    signals: [],
    kill(name) {
      child.signals.push(name);
      if (child.alive || name === "SIGKILL") ended.resolve(exit({ signal: name }));
    },
    end: ended.resolve,
  };
  children.push(child);
  return child;
}

const pidOf = async (child: Child) => child.pid;
async function work(): Promise<number> {
  const done = process.use(pidOf, signal);
  done.catch(() => undefined);
  await clock.pass(300);
  return done;
}

test("a process starts with the first event, once for all that wait, and serves the next at once", async () => {
  expect(process.state).toEqual({ is: "stopped" });
  const waiting = [process.use(pidOf, signal), process.use(pidOf, signal)];
  expect(process.state).toEqual({ is: "starting" });
  await clock.pass(300);
  expect(await Promise.all(waiting)).toEqual([100, 100]);
  expect(await process.use(pidOf, signal)).toBe(100);
  expect(process.state).toEqual({ is: "running", pid: 100 });
  expect(process.coldStarts).toEqual({ count: 1, lastMs: 300, medianMs: 300 });
  expect(told).toEqual(["started in 300"]);
});

test("it is stopped when nothing was to do for the idle time, counted from the end of the last work, and comes back", async () => {
  await work();
  const { promise, resolve } = Promise.withResolvers<void>();
  await clock.pass(idleMs - 1);
  const long = process.use(() => promise, signal);
  await clock.pass(2 * idleMs);
  expect(process.state.is).toBe("running");
  resolve();
  await long;
  await clock.pass(idleMs - 1);
  expect(process.state.is).toBe("running");
  await clock.pass(1);
  expect(process.state.is).toBe("stopped");
  expect(children[0]?.signals).toEqual(["SIGTERM"]);
  next = 100;
  expect(await work()).toBe(101);
  expect(process.coldStarts).toEqual({ count: 2, lastMs: 100, medianMs: 300 });
  expect(told).toEqual(["started in 300", "ended: idle", "started in 100"]);
});

test("one that does not end when it is told to is killed after the grace, and none waits for it meanwhile", async () => {
  await work();
  const [child] = children;
  if (!child) throw new Error("no child");
  child.alive = false;
  await clock.pass(idleMs);
  expect(await work()).toBe(101);
  expect(child.signals).toEqual(["SIGTERM"]);
  await clock.pass(10_000);
  expect(child.signals).toEqual(["SIGTERM", "SIGKILL"]);
});

test("a crash fails the work that it hit with how the process ended, and the next event starts it again after a pause", async () => {
  await work();
  const hit = process.use(async () => {
    children[0]?.end(exit({ signal: "SIGKILL" }));
    throw new BrokenConnectionError("reset");
  }, signal);
  await expect(hit).rejects.toThrow("the process of f ended by SIGKILL");
  expect(process.state.is).toBe("stopped");
  const again = process.use(pidOf, signal);
  await clock.pass(499);
  expect(children).toHaveLength(1);
  await clock.pass(301);
  expect(await again).toBe(101);
  expect(told).toEqual(["started in 300", "ended: crash", "started in 300"]);
});

test("what the function throws is the answer, and no sign of a crash", async () => {
  await work();
  await expect(process.use(() => Promise.reject(new Error("no")), signal)).rejects.toThrow("no");
  expect(process.state.is).toBe("running");
});

test("one that cannot start says why with its last words, and is tried again ever more rarely", async () => {
  next = new StartError("ended with exit code 2", exit({ code: 2, lastWords: ["Error: no kubeconfig"] }));
  const starts: number[] = [];
  for (let count = 0; count < 9; count++) {
    const before = clock.now();
    const failed = process.use(pidOf, signal).catch((error: Error) => error);
    while (lines.length === count) await clock.pass(10);
    starts.push(clock.now() - before - 10);
    expect(await failed).toMatchObject({ name: "NoProcessError" });
  }
  expect(starts).toEqual([0, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  expect(lines[0]).toEqual({
    message: "function's process cannot be started",
    ...{ code: 2, signal: null, lastWords: ["Error: no kubeconfig"], reason: "ended with exit code 2", againInMs: 500 },
  });
  next = 300;
  const healed = process.use(pidOf, signal);
  await clock.pass(30_300);
  expect(await healed).toBe(100);
  children[0]?.end(exit({ code: 1 }));
  await setImmediate();
  const soon = process.use(pidOf, signal);
  await clock.pass(800);
  expect(await soon).toBe(101);
});

test("who waits for a process no longer than it may leaves the start to the others", async () => {
  const impatient = new AbortController();
  const gone = process.use(pidOf, impatient.signal);
  const patient = process.use(pidOf, signal);
  impatient.abort(new Error("time limit"));
  await expect(gone).rejects.toThrow("not ready yet");
  await clock.pass(300);
  expect(await patient).toBe(100);
  await clock.pass(idleMs);
  expect(process.state.is).toBe("stopped");
});

test("a process that never gives the processor back is killed when its event has run out of time", async () => {
  await work();
  const [child] = children;
  if (!child) throw new Error("no child");
  const limit = new AbortController();
  const stuck = (reason: Error) =>
    process.use(async (): Promise<never> => {
      limit.abort(reason);
      throw reason;
    }, limit.signal);
  await expect(stuck(new Error("no outcome within 60000 ms"))).rejects.toThrow("no outcome");
  await setImmediate();
  expect(child.signals).toEqual([]);
  child.alive = false;
  await expect(stuck(new Error("no outcome within 60000 ms"))).rejects.toThrow();
  await setImmediate();
  expect(child.signals).toEqual(["SIGKILL"]);
  expect(process.state.is).toBe("stopped");
});

test("stopping ends what runs and what starts, and nothing starts any more", async () => {
  await work();
  await process.stop(5_000);
  expect(children[0]?.signals).toEqual(["SIGTERM"]);
  await expect(process.use(pidOf, signal)).rejects.toThrow("stopping");
  expect(told).toEqual(["started in 300", "ended: shutdown"]);
});

test("stopping does not wait for a start, and kills after the grace what does not end", async () => {
  const starting = process.use(pidOf, signal);
  const stopping = process.stop(5_000);
  await expect(starting).rejects.toThrow("stopping");
  await stopping;
  expect(children).toEqual([]);
});
