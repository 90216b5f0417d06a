import { type CloudEvent, type Filter, matches } from "../../shared/event.ts";
import { decodeEvent, encodeEvent, eventLimits } from "../../shared/event-codec.ts";
import type { Log } from "../../shared/function.ts";
import { type Clock, systemClock } from "../clock.ts";
import type { Archive } from "./archive.ts";
import { type Bus, duplicateWindowMs, EventTooLargeError, type StoredEvent } from "./bus.ts";
import { type DeadLetter, deadLetter } from "./dead-letter.ts";
import { memoryCheckpoint } from "./memory-checkpoint.ts";
import { MemoryInbox } from "./memory-inbox.ts";
import { MemoryRecords } from "./memory-records.ts";
import { type Entry, MemoryRing, type RingBounds } from "./memory-ring.ts";

export interface MemoryBusOptions {
  readonly clock?: Clock;
  readonly history?: RingBounds;
  readonly maxBytes?: number;
  /** Of the product, for the dead letters. */
  readonly version?: string;
  /** File that recordings are kept in over a restart; in memory only unless given. */
  readonly recordFile?: string;
  /** Told of recordings that are not kept; silent unless given. */
  readonly log?: Log;
}

/** Room for what a dead letter adds to an event, in bytes. */
const overhead = 16 * 1024;
const oneHour = 60 * 60 * 1000;
const maxDeadLetters = 1000;
const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** A bus inside one process, with the semantics of the JetStream bus and the life of the process. */
export function createMemoryBus(options: MemoryBusOptions = {}): Bus & Archive {
  const { clock = systemClock, maxBytes = eventLimits.bytes - overhead, log = silent } = options;
  const history = new MemoryRing<Uint8Array>(options.history ?? { maxEntries: 10_000, maxAgeMs: oneHour });
  const buried = new MemoryRing<Uint8Array>({ maxEntries: maxDeadLetters });
  const recordings = new MemoryRecords({ clock, log, maxBytes, file: options.recordFile });
  const seen = new Map<string, number>();
  const inboxes = new Map<string, { on: readonly Filter[]; readonly inbox: MemoryInbox }>();
  const checkpoint = memoryCheckpoint();
  let closed = false;

  const isDuplicate = (id: string): boolean => {
    for (const [old, at] of seen) {
      if (at > clock.now() - duplicateWindowMs) break;
      seen.delete(old);
    }
    if (seen.has(id)) return true;
    seen.set(id, clock.now());
    return false;
  };
  const inboxOf = (functionName: string, on: readonly Filter[]): MemoryInbox => {
    const known = inboxes.get(functionName);
    if (known) {
      known.on = on;
      return known.inbox;
    }
    const inbox = new MemoryInbox({
      function: functionName,
      clock,
      bury: (body, refusal) => {
        const { version } = options;
        const letter = deadLetter(decodeEvent({ body, headers: [] }), { ...refusal, version });
        const stored = encodeEvent(letter);
        buried.append(stored, stored.byteLength, clock.now());
      },
    });
    inboxes.set(functionName, { on, inbox });
    // As a new consumer of the stream does, a new function starts with what the history still holds.
    for (const body of history.items()) {
      if (isWanted(on, decodeEvent({ body, headers: [] }))) inbox.accept(body);
    }
    return inbox;
  };

  return {
    maxBytes,
    get connected() {
      return !closed;
    },
    async publish(event, signal) {
      signal?.throwIfAborted();
      if (closed) throw new Error(`publishing ${event.id}: the bus is closed`);
      const body = encodeEvent(event);
      if (body.byteLength > maxBytes) throw new EventTooLargeError(event.id, body.byteLength, maxBytes);
      if (isDuplicate(event.id)) return;
      history.append(body, body.byteLength, clock.now());
      for (const { on, inbox } of inboxes.values()) if (isWanted(on, event)) inbox.accept(body);
    },
    async subscribe({ function: name, on, maxInFlight }, deliver) {
      const stop = inboxOf(name, on).open(maxInFlight, deliver);
      return { stop: async () => stop() };
    },
    async *history(bounds) {
      history.trim(clock.now());
      for await (const entry of history.read(bounds)) yield stored(entry);
    },
    invocations: (which) => recordings.read(which),
    async *deadLetters(functionName) {
      for await (const entry of buried.read()) {
        const letter = stored(entry);
        const { knativeerrordest } = letter.event as DeadLetter;
        if (functionName === undefined || functionName === knativeerrordest) yield letter;
      }
    },
    async redeliver(event, functionName) {
      const to = inboxes.get(functionName);
      if (!to) throw new Error(`handing ${event.id} to ${functionName}: no such function takes events from this bus`);
      to.inbox.accept(encodeEvent(event));
    },
    dropDeadLetter: async (sequence) => buried.remove(sequence),
    checkpoint: async () => checkpoint,
    async records(bounds) {
      await recordings.bound(bounds);
      return recordings;
    },
    async close() {
      closed = true;
      history.close();
      for (const { inbox } of inboxes.values()) inbox.close();
      await recordings.close();
    },
  };
}

const isWanted = (on: readonly Filter[], event: CloudEvent): boolean => on.some((filter) => matches(filter, event));

const stored = ({ sequence, item }: Entry<Uint8Array>): StoredEvent => ({
  sequence,
  event: decodeEvent({ body: item, headers: [] }),
});
