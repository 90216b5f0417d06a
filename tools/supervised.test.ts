import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { identityOf, isRunning } from "./identity.ts";
import { runCommand } from "./run-command.ts";
import { Supervised } from "./supervised.ts";

const nap = ["-e", "setTimeout(() => {}, 60_000)"];
const deaf = ["-e", "process.on('SIGTERM', () => {}); setTimeout(() => {}, 60_000)"];

test("stop ends a process with SIGTERM", async () => {
  const child = new Supervised(process.execPath, nap, { output: "pipe" });
  const identity = identityOf(await child.pid);
  await child.stop(5000);
  expect(await child.exited).toBe(128 + 15);
  expect(isRunning(identity)).toBe(false);
});

test("stop kills a process that does not listen", async () => {
  const child = new Supervised(process.execPath, deaf, { output: "pipe" });
  await child.pid;
  await sleep(200);
  await child.stop(100);
  expect(await child.exited).toBe(128 + 9);
});

test("nothing survives a starter that is killed hard", async () => {
  const module = JSON.stringify(new URL("./supervised.ts", import.meta.url).href);
  const script = `const { Supervised } = await import(${module});
    const child = new Supervised(process.execPath, ${JSON.stringify(deaf)}, { output: "pipe" });
    console.log(await child.pid);
    setInterval(() => {}, 1000);`;
  const starter = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(createInterface({ input: starter.stdout }), "line");
  const identity = identityOf(Number(line));
  expect(isRunning(identity)).toBe(true);
  starter.kill("SIGKILL");
  await expect.poll(() => isRunning(identity), { timeout: 5000 }).toBe(false);
});

test("a command that fails says how it ended and what it printed last", async () => {
  const failing = runCommand(process.execPath, ["-e", "console.error('no such flag'); process.exit(3)"]);
  await expect(failing).rejects.toThrow(/ended with code 3:\n {2}no such flag/);
});

test("a command that does not exist says so", async () => {
  await expect(runCommand("no-such-command", [])).rejects.toThrow(/no-such-command/);
});
