import { setTimeout as delay } from "node:timers/promises";

export interface Backoff {
  /** First pause in milliseconds, doubled with each further one. */
  readonly minMs: number;
  readonly maxMs: number;
}

/** Waits after the `failures`-th failure in a row, between half and all of the pause so that many do not come back at
 *  once. Rejects when the signal is aborted. */
export async function pause({ minMs, maxMs }: Backoff, failures: number, signal: AbortSignal): Promise<void> {
  const full = Math.min(maxMs, minMs * 2 ** Math.min(failures - 1, 30));
  await delay(full * (0.5 + Math.random() / 2), undefined, { signal });
}
