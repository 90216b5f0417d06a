import { setTimeout as delay } from "node:timers/promises";
import { classify, messageOf } from "../../shared/kcp/errors.ts";
import type { Io } from "../command.ts";
import { CliError, UnreachableError } from "../errors.ts";

export interface WaitOptions {
  /** Milliseconds. */
  readonly limitMs: number;
  /** What to do when it takes too long. */
  readonly next: string;
  readonly io: Pick<Io, "signal" | "stderr" | "now">;
}

const pauseMs = 200;
const noticeMs = 10_000;
/** Rights and new workspaces reach kcp's caches a moment late, and kcp writes to the same objects: a refusal is final
 *  only when it is repeated for this long. */
export const settleMs = 10_000;

/** Looks again and again until `look` says that nothing is missing. Says every 10 s on stderr what it waits for, and
 *  throws a CliError that says so too when the time is over (UnreachableError where kcp does not answer). What kcp may soon answer otherwise counts as missing. */
export async function waitUntil(
  what: string,
  look: () => Promise<string | undefined>,
  { limitMs, next, io }: WaitOptions,
): Promise<void> {
  const started = io.now();
  let noticed = started;
  let refused: number | undefined;
  for (;;) {
    const { why, cause } = await attempt(look);
    if (why === undefined) return;
    const now = io.now();
    refused = cause === undefined ? undefined : (refused ?? now);
    const isFinal = refused !== undefined && now - refused >= settleMs;
    if (isFinal || now - started >= limitMs) {
      const seconds = Math.round((now - started) / 1000);
      const Failure = classify(cause) === "unreachable" ? UnreachableError : CliError;
      throw new Failure(`${what} is not ready after ${seconds} s`, { where: what, why, next, cause });
    }
    if (now - noticed >= noticeMs) {
      noticed = now;
      io.stderr.write(`       waiting for ${what}: ${why}\n`);
    }
    await delay(pauseMs, undefined, { signal: io.signal });
  }
}

async function attempt(look: () => Promise<string | undefined>): Promise<{ why: string | undefined; cause?: unknown }> {
  try {
    return { why: await look() };
  } catch (cause) {
    if (maySettle(cause)) return { why: messageOf(cause), cause };
    throw cause;
  }
}

/** Does it anew as long as it fails in a way that `passes`, at most for `limitMs`. */
export async function tryAgain<T>(
  work: () => Promise<T>,
  { passes, limitMs, io }: Omit<WaitOptions, "next"> & { readonly passes: (error: unknown) => boolean },
): Promise<T> {
  for (const started = io.now(); ; ) {
    try {
      return await work();
    } catch (error) {
      if (!passes(error) || io.now() - started >= limitMs) throw error;
      await delay(pauseMs, undefined, { signal: io.signal });
    }
  }
}

/** Whether kcp had no time, or somebody else wrote at the same moment. */
export const isBusy = (error: unknown): boolean => ["retry", "conflict"].includes(classify(error));

/** Whether asking again soon may help. */
export const maySettle = (error: unknown): boolean =>
  ["forbidden", "not-found", "conflict", "retry", "unreachable"].includes(classify(error));
