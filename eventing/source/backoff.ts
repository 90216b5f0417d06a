import { type Clock, sleep } from "../clock.ts";

export interface Backoff {
  /** First pause in milliseconds, doubled with each further one. */
  readonly minMs: number;
  readonly maxMs: number;
}

/** How the source waits. */
export interface Pace {
  readonly backoff: Backoff;
  readonly clock: Clock;
  /** From 0 to below 1. */
  readonly random: () => number;
}

/** Waits after the `failures`-th failure in a row, between half and all of the pause so that many do not come back at
 *  once. Rejects when the signal is aborted. */
export async function pause({ backoff, clock, random }: Pace, failures: number, signal: AbortSignal): Promise<void> {
  const full = Math.min(backoff.maxMs, backoff.minMs * 2 ** Math.min(failures - 1, 30));
  await sleep(clock, full * (0.5 + random() / 2), signal);
}
