import type { CloudEvent } from "../shared/event.ts";

/** One event in the hands of one function, from its start to its end. */
export interface Run {
  readonly function: string;
  readonly event: CloudEvent;
  readonly attempt: number;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** How long it waited for its turn, in milliseconds. */
  readonly waitedMs: number;
}

/** How a run ended: one of the four outcomes, or what became of an event that could not be handled. */
export type Ending = "done" | "waiting" | "requeue" | "drop" | "retry" | "dead";
/** Why a run could not handle its event. */
export type Trouble = "error" | "terminal" | "time limit" | "shutdown";

export interface Handled {
  readonly outcome: Ending;
  readonly reason?: string;
  readonly trouble?: Trouble;
  /** Until the event comes again, in milliseconds; of a requeue or a retry. */
  readonly againInMs?: number;
  /** Milliseconds from start to end. */
  readonly ms: number;
}

/** What the dispatcher tells about its work. Depth = added - started - returned; active = started - handled, and both
 *  calls of a run pass the same object. */
export interface DispatchMetrics {
  /** An event waits for its turn. */
  added(functionName: string): void;
  started(run: Run): void;
  handled(run: Run, handled: Handled): void;
  /** Given back to the bus without having been started. */
  returned(functionName: string): void;
}

export const noMetrics: DispatchMetrics = { added() {}, started() {}, handled() {}, returned() {} };
