import { type CloudEvent, type Filter, matches } from "../../shared/event.ts";
import { decodeEvent, encodeEvent, eventLimits } from "../../shared/event-codec.ts";
import { type Clock, systemClock } from "../clock.ts";
import { type Bus, duplicateWindowMs, EventTooLargeError } from "./bus.ts";
import { type DeadLetter, type DeadLetterReader, deadLetter } from "./dead-letter.ts";
import { memoryCheckpoint } from "./memory-checkpoint.ts";
import { type HistoryBounds, MemoryHistory } from "./memory-history.ts";
import { MemoryInbox } from "./memory-inbox.ts";

export interface MemoryBusOptions {
  readonly clock?: Clock;
  readonly history?: HistoryBounds;
  readonly maxBytes?: number;
}

/** Room for what a dead letter adds to an event, in bytes. */
const overhead = 16 * 1024;
const oneHour = 60 * 60 * 1000;
const maxDeadLetters = 1000;

/** A bus inside one process, with the semantics of the JetStream bus and the life of the process. */
export function createMemoryBus(options: MemoryBusOptions = {}): Bus & DeadLetterReader {
  const { clock = systemClock, maxBytes = eventLimits.bytes - overhead } = options;
  const history = new MemoryHistory(options.history ?? { maxEvents: 10_000, maxAgeMs: oneHour });
  const buried = new MemoryHistory({ maxEvents: maxDeadLetters, maxAgeMs: Number.POSITIVE_INFINITY });
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
        const letter = deadLetter(decodeEvent({ body, headers: [] }), refusal);
        buried.append(encodeEvent(letter), clock.now());
      },
    });
    inboxes.set(functionName, { on, inbox });
    // As a new consumer of the stream does, a new function starts with what the history still holds.
    for (const body of history.bodies()) {
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
      history.append(body, clock.now());
      for (const { on, inbox } of inboxes.values()) if (isWanted(on, event)) inbox.accept(body);
    },
    async subscribe({ function: name, on, maxInFlight }, deliver) {
      const stop = inboxOf(name, on).open(maxInFlight, deliver);
      return { stop: async () => stop() };
    },
    history(bounds) {
      history.trim(clock.now());
      return history.read(bounds);
    },
    async *deadLetters(functionName) {
      for await (const stored of buried.read()) {
        const { knativeerrordest } = stored.event as DeadLetter;
        if (functionName === undefined || functionName === knativeerrordest) yield stored;
      }
    },
    checkpoint: async () => checkpoint,
    async close() {
      closed = true;
      history.close();
      for (const { inbox } of inboxes.values()) inbox.close();
    },
  };
}

const isWanted = (on: readonly Filter[], event: CloudEvent): boolean => on.some((filter) => matches(filter, event));
