import type { Metrics } from "../../shared/metrics.ts";

/** Why a process is no more: it had nothing to do, everything ends, it ended by itself, or it never became ready. */
export type ProcessEnd = "idle" | "shutdown" | "crash" | "start";

/** What is told about the processes of functions. */
export interface ProcessMetrics {
  /** Ready after `ms` milliseconds. */
  started(functionName: string, ms: number): void;
  ended(functionName: string, why: ProcessEnd): void;
}

export function recordProcesses({ functions }: Metrics): ProcessMetrics {
  return {
    started: (name, ms) => functions.coldStart.observe({ function: name }, ms / 1000),
    ended: (name, reason) => functions.ends.inc({ function: name, reason }),
  };
}
