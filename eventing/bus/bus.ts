import type { CloudEvent, Filter } from "../../shared/event.ts";
import type { RecordBounds, Records } from "./archive.ts";

/** What a function wants to receive: its name, and its `on` list. */
export interface Subscription {
  readonly function: string;
  readonly on: readonly Filter[];
  /** How many deliveries may be under way at once, over all partitions; those that wait for a retry do not count. */
  readonly maxInFlight: number;
}

/** Why an event could not be handled; becomes `knativeerrorcode` and `knativeerrordata`. */
export interface Failure {
  readonly code: number;
  readonly reason: string;
}

/** One event handed to one function. Exactly one of ack, retry, requeue and deadLetter ends it. */
export interface Delivery {
  readonly event: CloudEvent;
  /** 1 on the first delivery. */
  readonly attempt: number;
  /** Resolves once the bus has confirmed; at once with `unconfirmed`, for what may as well come a second time. */
  ack(how?: "unconfirmed"): Promise<void>;
  /** Delivers again after `ms`; counts as an attempt. */
  retry(ms: number): Promise<void>;
  /** Delivers a copy to this function alone after `ms`; no attempt counted. */
  requeue(ms: number): Promise<void>;
  /** Moves it to the function's dead letters and ends it. */
  deadLetter(failure: Failure): Promise<void>;
  /** Still working on it: keeps the bus from delivering it elsewhere. */
  extend(): void;
}

export interface Consumption {
  /** No further deliveries; those under way may still be settled. */
  stop(): Promise<void>;
}

/** Last state of an object that was published: found again after a restart (decisions.md 3). */
export interface CheckpointEntry {
  readonly uid: string;
  readonly resourceVersion: string;
  readonly accountkey?: string;
}
export interface Checkpoint {
  /** Every entry of one shard and kind, keyed `<cluster>/<name>`. */
  load(shard: string, kind: string): Promise<Map<string, CheckpointEntry>>;
  set(shard: string, kind: string, key: string, entry: CheckpointEntry): Promise<void>;
  delete(shard: string, kind: string, key: string): Promise<void>;
}

/** A stored event of the history, for replay and `pm events`. */
export interface StoredEvent {
  /** Position in the history, growing. */
  readonly sequence: number;
  readonly event: CloudEvent;
}
export interface HistoryOptions {
  /** Follow: wait for further events instead of ending at the newest. */
  readonly follow?: boolean;
  readonly fromSequence?: number;
  readonly since?: Date;
  readonly signal?: AbortSignal;
}

/** Where the source puts events, and where it notes what it has put there. */
export interface EventSink {
  /** Resolves once stored; an event with an id published before is stored once. Rejects when it could not be stored. */
  publish(event: CloudEvent, signal?: AbortSignal): Promise<void>;
  checkpoint(): Promise<Checkpoint>;
  /** False while the connection is down. */
  readonly connected: boolean;
  close(): Promise<void>;
}

/** The only path between functions. Knows nothing of kcp, Accounts or handlers. */
export interface Bus extends EventSink {
  subscribe(subscription: Subscription, deliver: (delivery: Delivery) => void): Promise<Consumption>;
  history(options?: HistoryOptions): AsyncIterable<StoredEvent>;
  /** Where invocations are recorded, within these bounds from now on; the archive reads them. */
  records(bounds: RecordBounds): Promise<Records>;
  /** Largest event in bytes that publish takes. */
  readonly maxBytes: number;
}

/** A delivery that is neither ended nor extended for so long is made again, in milliseconds. */
export const ackWaitMs = 5_000;
/** An event published again within this time is stored once, in milliseconds. */
export const duplicateWindowMs = 120_000;

/** The event is larger than `maxBytes`; publishing it again cannot help. */
export class EventTooLargeError extends Error {
  override name = "EventTooLargeError";
  constructor(id: string, bytes: number, maxBytes: number) {
    super(`publishing ${id}: ${bytes} bytes, the bus takes at most ${maxBytes}`);
  }
}
