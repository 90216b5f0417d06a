import type { Log } from "../../shared/function.ts";
import type { Clock } from "../clock.ts";
import { decodeInvocation, type Invocation } from "../recording/invocation.ts";
import type { InvocationsOptions, RecordBounds, Records, StoredInvocation } from "./archive.ts";
import { fitInvocation } from "./fit-invocation.ts";
import { Losses } from "./losses.ts";
import { MemoryRing } from "./memory-ring.ts";

interface Recording {
  readonly function: string;
  readonly accountkey: string | undefined;
  /** Encoded, so that its size is known and nothing else stays in memory with it. */
  readonly body: Uint8Array;
}
export interface MemoryRecordsOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Of one recording. */
  readonly maxBytes: number;
}

/** Recordings in memory. */
export class MemoryRecords implements Records {
  readonly #ring = new MemoryRing<Recording>({ maxEntries: 0 });
  readonly #clock: Clock;
  readonly #losses: Losses;
  readonly #maxBytes: number;

  constructor({ clock, log, maxBytes }: MemoryRecordsOptions) {
    this.#clock = clock;
    this.#losses = new Losses(log, clock);
    this.#maxBytes = maxBytes;
  }

  bound(bounds: RecordBounds): void {
    this.#ring.bound(bounds, this.#clock.now());
  }

  append(invocation: Invocation): void {
    const body = fitInvocation(invocation, this.#maxBytes);
    if (!body) {
      this.#losses.add(1, `larger than ${this.#maxBytes} bytes`);
      return;
    }
    const { function: name, event } = invocation;
    this.#ring.append({ function: name, accountkey: event.accountkey, body }, body.byteLength, this.#clock.now());
  }

  async flush(): Promise<void> {}

  async *read(options: InvocationsOptions = {}): AsyncGenerator<StoredInvocation> {
    const { accountkey, function: name } = options;
    this.#ring.trim(this.#clock.now());
    for await (const { sequence, item } of this.#ring.read(options)) {
      const wanted =
        (accountkey === undefined || accountkey === item.accountkey) && (name === undefined || name === item.function);
      if (wanted) yield { sequence, invocation: decodeInvocation(item.body) };
    }
  }

  close(): void {
    this.#ring.close();
  }
}
