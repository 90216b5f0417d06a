import { createInterface } from "node:readline/promises";
import type { Io } from "./command.ts";
import { exit } from "./errors.ts";

/** Io of this process; a second Ctrl-C ends it at once. */
export function processIo(): Io {
  const abort = new AbortController();
  const interrupt = (signal: NodeJS.Signals) => {
    if (abort.signal.aborted) process.exit(signal === "SIGINT" ? 130 : 143);
    abort.abort(new Error(`interrupted by ${signal}`));
  };
  process.on("SIGINT", interrupt).on("SIGTERM", interrupt);
  // `pm tree | head` closes the pipe early: that is no error.
  process.stdout.on("error", (error: NodeJS.ErrnoException) =>
    process.exit(error.code === "EPIPE" ? exit.ok : exit.failed),
  );
  const isTTY = process.stdout.isTTY === true;
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    isTTY,
    color: isTTY && !process.env.NO_COLOR,
    signal: abort.signal,
    now: Date.now,
    async ask(question) {
      if (!process.stdin.isTTY) return undefined;
      using lines = createInterface({ input: process.stdin, output: process.stderr });
      return await lines.question(question, { signal: abort.signal });
    },
  };
}
