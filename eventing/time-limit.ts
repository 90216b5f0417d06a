import type { Clock } from "./clock.ts";

/** An invocation took longer than it may. */
export class TimeLimitError extends Error {
  override name = "TimeLimitError";
  constructor(ms: number) {
    super(`no outcome within ${ms} ms`);
  }
}

export interface Limits {
  readonly ms: number;
  /** Ends it earlier. */
  readonly stop: AbortSignal;
  readonly clock: Clock;
}

/** Runs `work` with a signal that aborts at the limit, and does not wait for what ignores the signal. */
export async function withinLimits<T>(
  { ms, stop, clock }: Limits,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  stop.throwIfAborted();
  const controller = new AbortController();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = (reason: unknown) => {
    controller.abort(reason);
    reject(reason);
  };
  const cancel = clock.after(ms, () => abort(new TimeLimitError(ms)));
  const onStop = () => abort(stop.reason);
  stop.addEventListener("abort", onStop);
  try {
    return await Promise.race([work(controller.signal), aborted]);
  } finally {
    cancel();
    stop.removeEventListener("abort", onStop);
  }
}
