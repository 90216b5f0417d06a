import type { HistoryOptions } from "./bus.ts";

/** The oldest entries go when one of these is exceeded; what is not named has no bound. */
export interface RingBounds {
  readonly maxAgeMs?: number;
  readonly maxEntries?: number;
  readonly maxBytes?: number;
}
export interface Entry<T> {
  readonly sequence: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly bytes: number;
  readonly item: T;
}

/** What was stored lately, in order, within bounds. */
export class MemoryRing<T> {
  #bounds: RingBounds;
  readonly #entries: Entry<T>[] = [];
  readonly #waiting = new Set<() => void>();
  #bytes = 0;
  #last = 0;
  #closed = false;

  constructor(bounds: RingBounds) {
    this.#bounds = bounds;
  }

  /** Answers its sequence, that of an earlier process if it is later than all here. */
  append(item: T, bytes: number, at: number, sequence = 0): number {
    this.#last = Math.max(this.#last + 1, sequence);
    this.#entries.push({ sequence: this.#last, at, bytes, item });
    this.#bytes += bytes;
    this.trim(at);
    this.#wake();
    return this.#last;
  }

  bound(bounds: RingBounds, now: number): void {
    this.#bounds = bounds;
    this.trim(now);
  }

  trim(now: number): void {
    const { maxAgeMs = Infinity, maxEntries = Infinity, maxBytes = Infinity } = this.#bounds;
    let gone = 0;
    for (const { at, bytes } of this.#entries) {
      if (at > now - maxAgeMs && this.#entries.length - gone <= maxEntries && this.#bytes <= maxBytes) break;
      this.#bytes -= bytes;
      gone++;
    }
    this.#entries.splice(0, gone);
  }

  /** False when there is none of this sequence. */
  remove(sequence: number): boolean {
    const index = this.#indexFrom(sequence);
    const entry = this.#entries[index];
    if (entry?.sequence !== sequence) return false;
    this.#bytes -= entry.bytes;
    this.#entries.splice(index, 1);
    return true;
  }

  items(): readonly T[] {
    return this.#entries.map(({ item }) => item);
  }

  async *read({ follow = false, fromSequence = 1, since, signal }: HistoryOptions = {}): AsyncGenerator<Entry<T>> {
    const end = follow ? Infinity : this.#last;
    let next = fromSequence;
    const wake = () => this.#wake();
    signal?.addEventListener("abort", wake);
    try {
      while (next <= end && !signal?.aborted && !this.#closed) {
        const entry = this.#entries[this.#indexFrom(next)];
        if (!entry) {
          if (!follow) return;
          await new Promise<void>((resolve) => this.#waiting.add(resolve));
          continue;
        }
        next = entry.sequence + 1;
        if (!since || entry.at >= since.getTime()) yield entry;
      }
    } finally {
      signal?.removeEventListener("abort", wake);
    }
  }

  close(): void {
    this.#closed = true;
    this.#wake();
  }

  /** Of the first entry with this sequence or a later one: single entries may be missing in between. */
  #indexFrom(sequence: number): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#entries[middle]?.sequence ?? 0) < sequence) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}
