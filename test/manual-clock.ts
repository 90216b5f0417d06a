import { setImmediate } from "node:timers/promises";
import type { Clock } from "../eventing/clock.ts";

export interface ManualClock extends Clock {
  /** Lets `ms` milliseconds pass, timers in their order, and all that they set off come to rest. */
  pass(ms: number): Promise<void>;
  /** Timers that have not run yet. */
  readonly pending: number;
}

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

/** A clock that stands still until it is told to go. */
export function manualClock(start = Date.parse("2026-01-01T00:00:00Z")): ManualClock {
  let now = start;
  const timers = new Set<Timer>();
  return {
    now: () => now,
    after(ms, run) {
      const timer = { at: now + ms, run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    async pass(ms) {
      const end = now + ms;
      await setImmediate();
      for (;;) {
        const next = earliest(timers);
        if (!next || next.at > end) break;
        timers.delete(next);
        now = Math.max(now, next.at);
        next.run();
        await setImmediate();
      }
      now = end;
    },
    get pending() {
      return timers.size;
    },
  };
}

/** Of those that are due together, the one that was set first. */
function earliest(timers: Iterable<Timer>): Timer | undefined {
  let found: Timer | undefined;
  for (const timer of timers) if (!found || timer.at < found.at) found = timer;
  return found;
}
