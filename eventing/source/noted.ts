import type { Kind } from "../../shared/kcp/kinds.ts";
import type { Checkpoint, CheckpointEntry } from "../bus/bus.ts";
import type { Cancel, Clock } from "../clock.ts";
import type { Publisher } from "./publisher.ts";

export interface NotedOptions {
  readonly checkpoint: Checkpoint;
  readonly publisher: Publisher;
  readonly shard: string;
  readonly kind: Kind;
  readonly clock: Clock;
}

/** How long a change of what is noted already may wait for the next one, in milliseconds. */
const delayMs = 1000;

/** What was published of one kind on one shard, noted in the checkpoint. That an object came or went is noted at once,
 *  so that its end is seen even if nobody was there; which version was last only soon: after a crash the same event
 *  goes out once more under the same id. A new workspace changes about thirty times in its first second. */
export class Noted {
  readonly #options: NotedOptions;
  #entries = new Map<string, CheckpointEntry>();
  readonly #unsaved = new Set<string>();
  #cancelFlush: Cancel | undefined;

  constructor(options: NotedOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): CheckpointEntry | undefined {
    return this.#entries.get(key);
  }

  keys(): Iterable<string> {
    return this.#entries.keys();
  }

  async load(): Promise<void> {
    const { checkpoint, kind, publisher, shard } = this.#options;
    const load = () => checkpoint.load(shard, kind);
    this.#entries = await publisher.persist(`loading the checkpoint of ${kind} on ${shard}`, load);
  }

  async set(key: string, entry: CheckpointEntry): Promise<void> {
    const isNew = this.#entries.get(key)?.uid !== entry.uid;
    this.#entries.set(key, entry);
    if (isNew) return this.#save(key);
    this.#unsaved.add(key);
    this.#cancelFlush ??= this.#options.clock.after(delayMs, () => void this.flush().catch(() => undefined));
  }

  async delete(key: string): Promise<void> {
    const { checkpoint, kind, publisher, shard } = this.#options;
    this.#entries.delete(key);
    this.#unsaved.delete(key);
    await publisher.persist(`forgetting ${kind} ${key}`, () => checkpoint.delete(shard, kind, key));
  }

  /** Notes what has waited. */
  async flush(): Promise<void> {
    this.#cancelFlush?.();
    this.#cancelFlush = undefined;
    const keys = [...this.#unsaved];
    this.#unsaved.clear();
    await Promise.all(keys.map((key) => this.#save(key)));
  }

  async #save(key: string): Promise<void> {
    const { checkpoint, kind, publisher, shard } = this.#options;
    const save = async () => {
      const entry = this.#entries.get(key);
      if (entry) await checkpoint.set(shard, kind, key, entry);
    };
    await publisher.persist(`noting ${kind} ${key} as published`, save);
  }
}
