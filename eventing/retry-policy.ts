const firstMs = 500;
const maxMs = 30_000;
/** Deliveries after which an event that still fails becomes a dead letter. */
export const maxAttempts = 10;
/** An event that was delivered so often without ever ending stops the process each time, or nobody could be reached for
 *  more than an hour. */
export const maxUnsettled = 20 * maxAttempts;

/** Milliseconds to wait after a failed attempt: doubled each time, up to 30 s, of which the upper half is random.
 *  `random` is from 0 to below 1. */
export function backoffMs(attempt: number, random: number): number {
  const ceiling = Math.min(maxMs, firstMs * 2 ** Math.min(attempt - 1, 20));
  return Math.round(ceiling * (0.5 + random / 2));
}
