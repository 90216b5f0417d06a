import { decodeEvent } from "../../shared/event-codec.ts";
import type { Cancel, Clock } from "../clock.ts";
import { ackWaitMs, type Delivery } from "./bus.ts";
import type { Refusal } from "./dead-letter.ts";
import { Slots } from "./slots.ts";

interface Entry {
  readonly body: Uint8Array;
  attempt: number;
  ended: boolean;
  /** Gives back its slot. */
  release: () => void;
  /** Of the one timer that may run for it: the delivery's time limit, or the wait before the next try. */
  cancel: Cancel;
}
interface Reader {
  readonly slots: Slots;
  readonly deliver: (delivery: Delivery) => void;
}

export interface InboxOptions {
  readonly function: string;
  readonly clock: Clock;
  readonly bury: (body: Uint8Array, refusal: Omit<Refusal, "version">) => void;
}

/** What one function has yet to handle; stays when nobody reads. */
export class MemoryInbox {
  readonly #options: InboxOptions;
  readonly #fresh: Uint8Array[] = [];
  readonly #again: Entry[] = [];
  readonly #unended = new Set<Entry>();
  readonly #requeued = new Set<Cancel>();
  #reader: Reader | undefined;

  constructor(options: InboxOptions) {
    this.#options = options;
  }

  accept(body: Uint8Array): void {
    this.#fresh.push(body);
    this.#pump();
  }

  /** Deliveries go to this reader until the returned function is called. */
  open(maxInFlight: number, deliver: Reader["deliver"]): () => void {
    const reader: Reader = { slots: new Slots(maxInFlight), deliver };
    this.#reader = reader;
    this.#pump();
    return () => {
      if (this.#reader === reader) this.#reader = undefined;
    };
  }

  close(): void {
    this.#reader = undefined;
    for (const { cancel } of this.#unended) cancel();
    for (const cancel of this.#requeued) cancel();
  }

  #pump(): void {
    const reader = this.#reader;
    if (!reader) return;
    for (const entry of this.#again.splice(0)) this.#deliver(entry, reader);
    while (reader.slots.free > 0) {
      const body = this.#fresh.shift();
      if (!body) return;
      const entry: Entry = { body, attempt: 0, ended: false, release: () => {}, cancel: () => {} };
      this.#unended.add(entry);
      this.#deliver(entry, reader);
    }
  }

  #deliver(entry: Entry, { deliver, slots }: Reader): void {
    entry.attempt++;
    entry.release();
    entry.release = slots.take();
    this.#repeatAfter(entry, ackWaitMs);
    const delivery = this.#delivery(entry);
    // Never inside publish: a reader that settles at once must not grow the publisher's stack.
    queueMicrotask(() => deliver(delivery));
  }

  #delivery(entry: Entry): Delivery {
    const { function: name, bury, clock } = this.#options;
    const { attempt } = entry;
    const end = (then: () => void = () => {}) => {
      if (entry.ended) return Promise.resolve();
      entry.ended = true;
      entry.cancel();
      entry.release();
      this.#unended.delete(entry);
      then();
      this.#pump();
      return Promise.resolve();
    };
    return {
      event: decodeEvent({ body: entry.body, headers: [] }),
      attempt,
      ack: () => end(),
      requeue: (ms) => end(() => this.#acceptAfter(entry.body, ms, clock)),
      deadLetter: (failure) => end(() => bury(entry.body, { ...failure, function: name, attempt })),
      retry: (ms) => {
        if (entry.ended) return Promise.resolve();
        entry.release();
        this.#repeatAfter(entry, ms);
        this.#pump();
        return Promise.resolve();
      },
      extend: () => {
        if (!entry.ended) this.#repeatAfter(entry, ackWaitMs);
      },
    };
  }

  #repeatAfter(entry: Entry, ms: number): void {
    entry.cancel();
    entry.cancel = this.#options.clock.after(ms, () => {
      this.#again.push(entry);
      this.#pump();
    });
  }

  #acceptAfter(body: Uint8Array, ms: number, clock: Clock): void {
    const cancel = clock.after(ms, () => {
      this.#requeued.delete(cancel);
      this.accept(body);
    });
    this.#requeued.add(cancel);
  }
}
