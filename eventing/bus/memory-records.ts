import type { Log } from "../../shared/function.ts";
import type { Clock } from "../clock.ts";
import { decodeInvocation, encodeInvocation, type Invocation } from "../recording/invocation.ts";
import type { InvocationsOptions, RecordBounds, Records, StoredInvocation } from "./archive.ts";
import { fitInvocation, largestRecording } from "./fit-invocation.ts";
import { Losses } from "./losses.ts";
import { MemoryRing } from "./memory-ring.ts";
import { RecordFile } from "./record-file.ts";

interface Recording {
  readonly function: string;
  readonly accountkey: string | undefined;
  /** Encoded, so that its size is known and nothing else stays in memory with it. */
  readonly body: Uint8Array;
}
export interface MemoryRecordsOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Of one recording, whatever the bounds. */
  readonly maxBytes: number;
  /** File that they are kept in over a restart. */
  readonly file: string | undefined;
}

/** Recordings in memory, and in a file where one is named. */
export class MemoryRecords implements Records {
  readonly #ring = new MemoryRing<Recording>({ maxEntries: 0 });
  readonly #options: MemoryRecordsOptions;
  readonly #losses: Losses;
  #file: RecordFile | undefined;
  #maxBytes = 0;

  constructor(options: MemoryRecordsOptions) {
    this.#options = options;
    this.#losses = new Losses(options.log, options.clock);
  }

  /** Reads the file when it is called for the first time; rejects when that is not to be. */
  async bound(bounds: RecordBounds): Promise<void> {
    const { clock, file } = this.#options;
    this.#maxBytes = largestRecording(this.#options.maxBytes, bounds);
    this.#ring.bound(bounds, clock.now());
    this.#file?.bound(bounds.maxBytes);
    if (this.#file || file === undefined) return;
    this.#file = await RecordFile.open(file, bounds.maxBytes, (count, reason) => this.#losses.add(count, reason));
    for await (const { sequence, invocation } of this.#file.load()) {
      this.#keep(invocation, encodeInvocation(invocation), Date.parse(invocation.startedAt), sequence);
    }
    this.#ring.trim(clock.now());
  }

  get lost(): number {
    return this.#losses.total;
  }

  append(invocation: Invocation): void {
    const body = fitInvocation(invocation, this.#maxBytes);
    if (!body) {
      this.#losses.add(1, `larger than ${this.#maxBytes} bytes`);
      return;
    }
    const sequence = this.#keep(invocation, body, this.#options.clock.now());
    this.#file?.append(sequence, body);
  }

  async flush(): Promise<void> {
    await this.#file?.flush();
  }

  #keep({ function: name, event }: Invocation, body: Uint8Array, at: number, sequence?: number): number {
    return this.#ring.append({ function: name, accountkey: event.accountkey, body }, body.byteLength, at, sequence);
  }

  async *read(options: InvocationsOptions = {}): AsyncGenerator<StoredInvocation> {
    const { accountkey, function: name } = options;
    this.#ring.trim(this.#options.clock.now());
    for await (const { sequence, item } of this.#ring.read(options)) {
      const wanted =
        (accountkey === undefined || accountkey === item.accountkey) && (name === undefined || name === item.function);
      if (wanted) yield { sequence, invocation: decodeInvocation(item.body) };
    }
  }

  async close(): Promise<void> {
    this.#ring.close();
    await this.#file?.close();
  }
}
