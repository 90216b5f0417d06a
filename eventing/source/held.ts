import { kinds } from "../../shared/kcp/kinds.ts";
import { type ReadObject, readSecurityType } from "../../shared/kcp/marker-urls.ts";
import { pathOf } from "../../shared/kcp/resource-path.ts";
import type { Marker } from "../../shared/outside.ts";
import { HeldFeed, type HeldFeedOptions } from "./held-feed.ts";
import { reflect } from "./reflector.ts";
import type { Watching } from "./watch.ts";

type FollowOptions = Omit<HeldFeedOptions, "marker"> & Omit<Watching, "url"> & { readonly read: ReadObject };

interface Following {
  readonly url: string;
  readonly feed: HeldFeed;
  stop(): Promise<unknown>;
}

/** The virtual workspaces, one of each kind a shard, in which kcp shows what waits for our marker. */
export class Held {
  readonly #marker: string;
  #running: readonly Following[] = [];

  constructor(marker: string) {
    this.#marker = marker;
  }

  get synced(): boolean {
    return this.#running.length > 0 && this.#running.every(({ feed }) => feed.synced);
  }

  /** Follows those that there are now: to be called whenever shards have come or gone. */
  async follow(options: FollowOptions): Promise<void> {
    const { publisher, read } = options;
    const { urls } = await publisher.persist(`reading WorkspaceType ${this.#marker}`, () =>
      readSecurityType(read, this.#marker),
    );
    const wanted = (["initializer", "terminator"] as const).flatMap((marker) =>
      urls[marker].map((url) => ({ marker, url })),
    );
    const gone = this.#running.filter(({ url }) => !wanted.some((each) => each.url === url));
    await Promise.all(gone.map(({ stop }) => stop()));
    const kept = this.#running.filter((each) => !gone.includes(each));
    const fresh = wanted.filter(({ url }) => !kept.some((each) => each.url === url));
    this.#running = [...kept, ...fresh.map((each) => start(each, options))];
  }

  /** Waits for the end of all, once their signal is aborted. */
  async ended(): Promise<void> {
    await Promise.all(this.#running.map(({ stop }) => stop()));
  }
}

function start({ marker, url }: { readonly marker: Marker; readonly url: string }, options: FollowOptions): Following {
  const { http, timing } = options;
  const stopping = new AbortController();
  const signal = AbortSignal.any([options.signal, stopping.signal]);
  const feed = new HeldFeed({ ...options, marker });
  const running = reflect({ http, timing, signal, url: `${url}/clusters/*${pathOf(kinds.LogicalCluster)}` }, feed);
  const ended = running.catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
  return {
    url,
    feed,
    stop() {
      stopping.abort();
      return ended;
    },
  };
}
