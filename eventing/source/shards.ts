import type { Store } from "../store.ts";
import { Shard, type ShardOptions } from "./shard.ts";

interface Running {
  readonly shard: Shard;
  stop(): Promise<unknown>;
}

/** The shards that serve the API export at present. */
export class Shards {
  readonly #store: Store;
  #running: readonly Running[] = [];

  constructor(store: Store) {
    this.#store = store;
  }

  /** Some shard serves the export, and all of them are in step. */
  get synced(): boolean {
    return this.#running.length > 0 && this.#running.every(({ shard }) => shard.synced);
  }

  /** The store has the objects of all shards, as they were when each was seen first. */
  get inStore(): boolean {
    return this.#running.every(({ shard }) => shard.inStore);
  }

  /** URL of the shard that has the cluster if it is known, else of all. */
  basesOf(cluster: string): readonly string[] {
    const name = this.#store.shardOf(cluster);
    const known = this.#running.filter(({ shard }) => shard.name === name);
    return (known.length > 0 ? known : this.#running).map(({ shard }) => shard.url);
  }

  /** Follows the shards at these URLs and no others; forgets the objects of those that are gone, which are not deleted. */
  async follow(urls: readonly string[], options: Omit<ShardOptions, "url">): Promise<void> {
    const gone = this.#running.filter(({ shard }) => !urls.includes(shard.url));
    await Promise.all(gone.map(({ stop }) => stop()));
    for (const { shard } of gone) this.#store.dropShard(shard.name);
    const kept = this.#running.filter((running) => !gone.includes(running));
    const fresh = urls.filter((url) => !kept.some(({ shard }) => shard.url === url));
    this.#running = [...kept, ...fresh.map((url) => start({ ...options, url }))];
  }

  /** Waits for the end of all, once their signal is aborted. Where they were remains known, for calls under way. */
  async ended(): Promise<void> {
    await Promise.all(this.#running.map(({ shard }) => shard.ended));
  }
}

function start(options: ShardOptions): Running {
  const stopping = new AbortController();
  const shard = new Shard({ ...options, signal: AbortSignal.any([options.signal, stopping.signal]) });
  return {
    shard,
    stop() {
      stopping.abort();
      return shard.ended;
    },
  };
}
