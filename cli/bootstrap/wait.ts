import { setTimeout as delay } from "node:timers/promises";
import type { Io } from "../command.ts";
import { CliError } from "../errors.ts";

export interface WaitOptions {
  /** Milliseconds. */
  readonly limitMs: number;
  /** What to do when it takes too long. */
  readonly next: string;
  readonly io: Pick<Io, "signal" | "stderr" | "now">;
}

const pauseMs = 200;
const noticeMs = 10_000;

/** Looks again and again until `look` says that nothing is missing. Says every 10 s on stderr what it waits for, and
 *  throws a CliError that says so too when the time is over. */
export async function waitUntil(
  what: string,
  look: () => Promise<string | undefined>,
  { limitMs, next, io }: WaitOptions,
): Promise<void> {
  const started = io.now();
  let noticed = started;
  for (;;) {
    const why = await look();
    if (why === undefined) return;
    const now = io.now();
    if (now - started >= limitMs) {
      throw new CliError(`${what} is not ready after ${limitMs / 1000} s`, { where: what, why, next });
    }
    if (now - noticed >= noticeMs) {
      noticed = now;
      io.stderr.write(`       waiting for ${what}: ${why}\n`);
    }
    await delay(pauseMs, undefined, { signal: io.signal });
  }
}
