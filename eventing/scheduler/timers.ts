import type { Log } from "../../shared/function.ts";
import type { DurableMap, Entry } from "../bus/durable-map.ts";
import { decodeTimer, encodeTimer, type Timer, timerId } from "./timer.ts";

/** How much may wait: what is more must be asked again later. */
export interface TimerBounds {
  readonly count: number;
  readonly bytes: number;
}

/** A timer as it is stored. */
export interface StoredTimer {
  readonly id: string;
  readonly timer: Timer;
  readonly revision: number;
}
/** Told of a timer that is new or has changed, or of one that is gone. */
export type TimerTold = (id: string, stored: StoredTimer | undefined) => void;

const family = ["timer"];

/** The timers of an installation, in the storage of the source. */
export class Timers {
  readonly #map: DurableMap;
  readonly #bounds: TimerBounds;
  readonly #log: Log;
  readonly #sizes = new Map<string, number>();
  #bytes = 0;

  constructor(map: DurableMap, bounds: TimerBounds, log: Log) {
    this.#map = map;
    this.#bounds = bounds;
    this.#log = log;
  }

  get count(): number {
    return this.#sizes.size;
  }

  /** Tells of those there are, then of every change, until the signal is aborted. */
  async follow(told: TimerTold, signal: AbortSignal): Promise<void> {
    const hear = (id: string, entry: Entry | undefined) => {
      this.#measure(id, entry);
      const timer = entry && this.#read(id, entry.text);
      told(id, entry && timer && { id, timer, revision: entry.revision });
    };
    await this.#map.follow(family, hear, signal);
  }

  /** Stores a timer in place of the one of the same event and function. False when there are too many. */
  async add(timer: Timer): Promise<boolean> {
    const id = timerId(timer);
    const text = this.#fit(timer);
    const isKnown = this.#sizes.has(id);
    const bytes = this.#bytes - (this.#sizes.get(id) ?? 0) + text.length;
    if (bytes > this.#bounds.bytes || (!isKnown && this.count >= this.#bounds.count)) return false;
    // Those that come together must not pass the bounds together.
    this.#measure(id, { text });
    try {
      await this.#map.set([...family, id], text);
    } catch (error) {
      if (!isKnown) this.#measure(id, undefined);
      throw error;
    }
    return true;
  }

  /** Removes it, unless it was set anew meanwhile. */
  async remove({ id, revision }: StoredTimer): Promise<void> {
    await this.#map.delete([...family, id], revision);
  }

  /** Large data are left out, as on the bus: the function reads the object instead (decisions.md 5). */
  #fit(timer: Timer): string {
    const whole = encodeTimer(timer);
    if (Buffer.byteLength(whole) <= this.#map.maxBytes || timer.event.data === undefined) return whole;
    const { data, datacontenttype, ...attributes } = timer.event;
    return encodeTimer({ ...timer, event: { ...attributes, dataomitted: "true" } });
  }

  #measure(id: string, entry: Pick<Entry, "text"> | undefined): void {
    this.#bytes -= this.#sizes.get(id) ?? 0;
    this.#sizes.delete(id);
    if (!entry) return;
    this.#sizes.set(id, entry.text.length);
    this.#bytes += entry.text.length;
  }

  #read(id: string, text: string): Timer | undefined {
    try {
      return decodeTimer(text);
    } catch (error) {
      this.#log.error({ err: error, timer: id }, "a stored timer cannot be read and is left alone");
      return undefined;
    }
  }
}
