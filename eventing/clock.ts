/** Time as the buses and the dispatcher need it; tests turn the hands themselves. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Runs once after `ms` milliseconds unless cancelled. */
  after(ms: number, run: () => void): Cancel;
}
export type Cancel = () => void;

/** Resolves after `ms` milliseconds; rejects with the signal's reason once that is aborted. */
export async function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const cancel = clock.after(ms, resolve);
  const onAbort = () => reject(signal.reason);
  signal.addEventListener("abort", onAbort);
  try {
    await promise;
  } finally {
    cancel();
    signal.removeEventListener("abort", onAbort);
  }
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};
