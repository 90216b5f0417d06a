import type { StoredEvent } from "../eventing/bus/bus.ts";
import { parseDuration } from "../shared/duration.ts";
import type { CloudEvent } from "../shared/event.ts";
import type { Options, Values } from "./command.ts";
import { UsageError } from "./errors.ts";

/** A stretch of history. */
export const rangeFlags = {
  from: {
    type: "string",
    description: "first event: its number, a time as 2026-01-31T12:00:00Z, or 30m for 30 minutes ago",
  },
  to: { type: "string", description: "last event, in the same forms" },
} as const satisfies Options;

type Point = { readonly sequence: number } | { readonly time: Date };

/** The events from one point to another. Recordings have numbers of their own: they are within times when they were
 *  made then, and within numbers when their event is. */
export class HistoryRange {
  readonly #from: Point | undefined;
  readonly #to: Point | undefined;
  /** What the numbers mean in time, learned from the events that pass by. */
  #first: number | undefined;
  #last: number | undefined;

  /** Throws UsageError. */
  constructor(flags: Values<typeof rangeFlags>, now: number) {
    this.#from = point("from", flags.from, now);
    this.#to = point("to", flags.to, now);
  }

  /** Where an archive may begin to read. */
  get start(): { readonly fromSequence?: number; readonly since?: Date } {
    if (!this.#from) return {};
    return "sequence" in this.#from ? { fromSequence: this.#from.sequence } : { since: this.#from.time };
  }

  /** All that comes later is later than the range too. */
  isOver({ sequence }: StoredEvent): boolean {
    return this.#to !== undefined && "sequence" in this.#to && sequence > this.#to.sequence;
  }

  /** To be asked for each event, oldest first. */
  holds({ sequence, event }: StoredEvent): boolean {
    const time = timeOf(event);
    const isAfter = (from: Point) => ("sequence" in from ? sequence >= from.sequence : !(time < from.time.getTime()));
    const isBefore = (to: Point) => ("sequence" in to ? sequence <= to.sequence : !(time > to.time.getTime()));
    const held = (!this.#from || isAfter(this.#from)) && (!this.#to || isBefore(this.#to));
    if (held && !Number.isNaN(time)) {
      this.#first = Math.min(this.#first ?? time, time);
      this.#last = Math.max(this.#last ?? time, time);
    }
    return held;
  }

  /** To be asked for a recording or dead letter, with the event that it is of, once all events have passed by. */
  holdsCause(event: CloudEvent, startedAt = event.time): boolean {
    const started = Date.parse(startedAt ?? "");
    const caused = timeOf(event);
    const isAfter = (from: Point) =>
      "time" in from ? !(started < from.time.getTime()) : this.#first !== undefined && !(caused < this.#first);
    const isBefore = (to: Point) =>
      "time" in to ? !(started > to.time.getTime()) : this.#last !== undefined && !(caused > this.#last);
    return (!this.#from || isAfter(this.#from)) && (!this.#to || isBefore(this.#to));
  }
}

/** NaN, which is neither before nor after, where the event has none. */
const timeOf = ({ time }: CloudEvent): number => Date.parse(time ?? "");

function point(flag: string, text: string | undefined, now: number): Point | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,15}$/.test(text)) return { sequence: Number(text) };
  const ago = parseDuration(text);
  if (ago !== undefined) return { time: new Date(now - ago) };
  const time = new Date(/^\d{4}-\d\d-\d\d/.test(text) ? text : "");
  if (!Number.isNaN(time.getTime())) return { time };
  throw new UsageError(`--${flag}: "${text}" is no number, time or duration`, {
    next: "as 1042, 2026-01-31T12:00:00Z, or 30m for 30 minutes ago",
  });
}
