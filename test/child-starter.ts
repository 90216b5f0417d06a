/** Starts the process of a function with the program that its arguments name, prints its pid and waits to be killed. */
import { systemClock } from "../eventing/clock.ts";
import { launcher } from "../eventing/isolation/launch.ts";

const [program = "", ...behaviour] = process.argv.slice(2);
const ignore = () => {};
const start = launcher({
  program: { file: process.execPath, argsFor: () => [program, ...behaviour], env: {} },
  onMessage: ignore,
  ...{ limitMs: 20_000, clock: systemClock },
});
const log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
const child = await start("f", { log, signal: new AbortController().signal });
console.log(child.pid);
