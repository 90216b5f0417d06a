import type { CloudEvent } from "../../shared/event.ts";
import type { Invocation } from "../recording/invocation.ts";
import type { HistoryOptions, StoredEvent } from "./bus.ts";

/** Takes what is recorded; never makes the work wait, and drops with a warning what cannot be stored. */
export interface Records {
  append(invocation: Invocation): void;
  /** How many could not be stored so far. */
  readonly lost: number;
  /** Resolves once everything is stored or given up. */
  flush(): Promise<void>;
}
/** How much is kept; the oldest goes first. */
export interface RecordBounds {
  readonly maxAgeMs: number;
  readonly maxBytes: number;
}

export interface StoredInvocation {
  /** Position among the recordings, growing. */
  readonly sequence: number;
  readonly invocation: Invocation;
}
export interface InvocationsOptions extends HistoryOptions {
  readonly accountkey?: string;
  readonly function?: string;
}

/** What a bus keeps for people: to look at without subscribing, and to put before the functions again. */
export interface Archive {
  history(options?: HistoryOptions): AsyncIterable<StoredEvent>;
  /** Oldest first; ends at the newest unless told to follow. */
  invocations(options?: InvocationsOptions): AsyncIterable<StoredInvocation>;
  /** Of one function, or of all, oldest first. */
  deadLetters(functionName?: string): AsyncIterable<StoredEvent>;
  /** Hands an event to one function alone, as a first delivery; resolves once stored. */
  redeliver(event: CloudEvent, functionName: string): Promise<void>;
  /** False when there is none of this position. */
  dropDeadLetter(sequence: number): Promise<boolean>;
  close(): Promise<void>;
}
