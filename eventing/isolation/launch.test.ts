import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import { manualClock } from "../../test/manual-clock.ts";
import { systemClock } from "../clock.ts";
import type { Child } from "./child.ts";
import { launcher } from "./launch.ts";
import type { ChildMessage } from "./messages.ts";

const program = fileURLToPath(new URL("../../test/child-program.ts", import.meta.url));
const limitMs = 20_000;
const children: Child[] = [];
let lines: { readonly message: string | undefined; readonly [field: string]: unknown }[] = [];
const write = (level: string) => (fields: object, message?: string) => void lines.push({ level, ...fields, message });
const log = { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };

afterEach(async () => {
  for (const child of children) child.kill("SIGKILL");
  await Promise.all(children.splice(0).map(({ ended }) => ended));
  lines = [];
});

async function launch(behaviour: string, { clock = systemClock, signal = new AbortController().signal } = {}) {
  const messages: ChildMessage[] = [];
  const start = launcher({
    program: { file: process.execPath, argsFor: (name) => [program, behaviour, name], env: { PATH: "/bin" } },
    onMessage: (message) => messages.push(message),
    ...{ clock, limitMs },
  });
  const child = await start("f", { log, signal });
  children.push(child);
  return { child, messages };
}

test("a process chooses its port and is there once it is ready, with no more of the environment than it needs", async () => {
  const { child } = await launch("late");
  const { env } = (await (await fetch(child.url)).json()) as { env: string[] };
  expect(env.filter((name) => !name.startsWith("NODE_CHANNEL_"))).toEqual(["PATH", "ACCOUNT_FUNCTIONS_CHILD"]);
  expect(await child.isAlive()).toBe(true);
});

test("what it logs is passed on at its level, but of the line of each event, which there is already, only the error", async () => {
  await launch("plain");
  await expect
    .poll(() => lines, { timeout: 20_000 })
    .toEqual([
      { level: "info", port: 1, message: "functions are served" },
      {
        ...{ level: "warn", event: "1", attempt: 2, err: { message: "no", stack: "at home" } },
        message: "failed in its process",
      },
      { level: "info", line: "no JSON", message: "function's process says" },
    ]);
});

test("one that ends before it is ready says how, with its last words", async () => {
  await expect(launch("fails")).rejects.toMatchObject({
    name: "StartError",
    message: "ended with exit code 2: warming up: error: no kubeconfig",
    exit: { code: 2, signal: null, lastWords: ["warming up", "error: no kubeconfig"] },
  });
});

test("one that is never ready is ended at the limit, and says what it lacked", async () => {
  const clock = manualClock();
  const starting = launch("never-ready", { clock }).catch((error: unknown) => error);
  // Asked a second time, it has been heard the first time.
  await expect
    .poll(() => lines.filter(({ message }) => message === "asked").length, { timeout: 20_000 })
    .toBeGreaterThan(1);
  await clock.pass(limitMs);
  expect(await starting).toMatchObject({ name: "StartError", message: "not ready within 20 s: not ready: kcp" });
});

test("a program that is not there says so", async () => {
  const start = launcher({
    program: { file: "/nowhere/node", argsFor: () => [], env: {} },
    onMessage: () => {},
    ...{ clock: systemClock, limitMs },
  });
  await expect(start("f", { log, signal: new AbortController().signal })).rejects.toThrow(/ENOENT|No such file/);
});

test("a start that is given up leaves no process", async () => {
  const stop = new AbortController();
  const starting = launch("never-ready", { signal: stop.signal });
  starting.catch(() => undefined);
  await expect.poll(() => lines.length, { timeout: 20_000 }).toBeGreaterThan(0);
  stop.abort(new Error("stopping"));
  await expect(starting).rejects.toThrow("stopping");
});

test("what it tells on its way out is taken before it counts as gone", async () => {
  const { child, messages } = await launch("plain");
  child.kill("SIGTERM");
  expect(await child.ended).toMatchObject({ code: 0, signal: null });
  expect(messages).toEqual([{ is: "recorded", invocation: "{}" }]);
});

test.each([
  ["its process", "plain"],
  ...(process.platform === "linux" ? [["its process, though it is in an endless loop,", "endless"]] : []),
])("%s ends when the one that started it is killed hard", async (_who, behaviour = "") => {
  const starter = spawn(
    process.execPath,
    [fileURLToPath(new URL("../../test/child-starter.ts", import.meta.url)), program, behaviour],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const [text]: Buffer[] = await once(starter.stdout, "data");
  const pid = Number(String(text));
  expect(pid).toBeGreaterThan(0);
  if (behaviour === "endless") await sleep(1000);
  starter.kill("SIGKILL");
  await expect.poll(() => isRunning(pid), { timeout: 10_000 }).toBe(false);
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
