import type { DispatchMetrics } from "./dispatch-metrics.ts";

/** One that passes everything on to each. */
export function tellAll(listeners: readonly DispatchMetrics[]): DispatchMetrics {
  return {
    added(name) {
      for (const listener of listeners) listener.added(name);
    },
    returned(name) {
      for (const listener of listeners) listener.returned(name);
    },
    started(run) {
      for (const listener of listeners) listener.started(run);
    },
    handled(run, handled) {
      for (const listener of listeners) listener.handled(run, handled);
    },
  };
}
