import { decodeEvent } from "../../shared/event-codec.ts";
import type { HistoryOptions, StoredEvent } from "./bus.ts";

export interface HistoryBounds {
  readonly maxEvents: number;
  readonly maxAgeMs: number;
}
interface Entry {
  readonly sequence: number;
  readonly at: number;
  readonly body: Uint8Array;
}

/** What was published lately, in order, bounded by count and age. */
export class MemoryHistory {
  readonly #bounds: HistoryBounds;
  readonly #entries: Entry[] = [];
  readonly #waiting = new Set<() => void>();
  #last = 0;
  #closed = false;

  constructor(bounds: HistoryBounds) {
    this.#bounds = bounds;
  }

  append(body: Uint8Array, at: number): void {
    this.#entries.push({ sequence: ++this.#last, at, body });
    this.trim(at);
    this.#wake();
  }

  trim(now: number): void {
    const { maxEvents, maxAgeMs } = this.#bounds;
    const expired = this.#entries.findIndex(({ at }) => at > now - maxAgeMs);
    const tooOld = expired === -1 ? this.#entries.length : expired;
    this.#entries.splice(0, Math.max(tooOld, this.#entries.length - maxEvents));
  }

  bodies(): readonly Uint8Array[] {
    return this.#entries.map(({ body }) => body);
  }

  async *read({ follow = false, fromSequence = 1, since, signal }: HistoryOptions = {}): AsyncGenerator<StoredEvent> {
    const end = follow ? Number.POSITIVE_INFINITY : this.#last;
    let next = fromSequence;
    const wake = () => this.#wake();
    signal?.addEventListener("abort", wake);
    try {
      while (next <= end && !signal?.aborted && !this.#closed) {
        const first = this.#entries[0]?.sequence ?? this.#last + 1;
        const entry = this.#entries[Math.max(0, next - first)];
        if (!entry) {
          if (!follow) return;
          await new Promise<void>((resolve) => this.#waiting.add(resolve));
          continue;
        }
        next = entry.sequence + 1;
        if (since && entry.at < since.getTime()) continue;
        yield { sequence: entry.sequence, event: decodeEvent({ body: entry.body, headers: [] }) };
      }
    } finally {
      signal?.removeEventListener("abort", wake);
    }
  }

  close(): void {
    this.#closed = true;
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}
