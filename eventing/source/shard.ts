import { createHash } from "node:crypto";
import type { Http } from "../../shared/kcp/http.ts";
import { type Kind, kinds } from "../../shared/kcp/kinds.ts";
import { pathOf } from "../../shared/kcp/resource-path.ts";
import { Feed, type FeedOptions } from "./feed.ts";
import { reflect } from "./reflector.ts";
import type { Timing } from "./watch.ts";

export interface ShardOptions extends Omit<FeedOptions<Kind>, "kind" | "shard"> {
  /** URL of the export's virtual workspace on this shard. */
  readonly url: string;
  /** What is watched. */
  readonly kinds: readonly Kind[];
  readonly http: Http;
  readonly timing: Timing;
  readonly signal: AbortSignal;
}

/** A watch for each kind on one shard. */
export class Shard {
  readonly name: string;
  readonly url: string;
  /** Resolves when all has ended after the signal was aborted. */
  readonly ended: Promise<unknown>;
  readonly #feeds: readonly Pick<Feed<Kind>, "synced" | "inStore">[];

  constructor(options: ShardOptions) {
    this.url = options.url;
    this.name = shardName(options.url);
    const started = options.kinds.map((kind) => this.#start(kind, options));
    this.#feeds = started.map(({ feed }) => feed);
    this.ended = Promise.all(started.map(({ ended }) => ended));
  }

  get synced(): boolean {
    return this.#feeds.every(({ synced }) => synced);
  }

  /** The store has all objects of this shard. */
  get inStore(): boolean {
    return this.#feeds.every(({ inStore }) => inStore);
  }

  #start<K extends Kind>(kind: K, { url, kinds: _all, http, timing, signal, ...rest }: ShardOptions) {
    const feed = new Feed<K>({ ...rest, kind, shard: this.name });
    const run = async (): Promise<void> => {
      await feed.load();
      await reflect({ http, timing, signal, url: `${url}/clusters/*${pathOf(kinds[kind])}` }, feed).finally(() =>
        feed.close(),
      );
    };
    const ended = run().catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
    return { feed, ended };
  }
}

/** Names a shard in checkpoints: the same after a restart, another one for a kcp that was made anew. */
function shardName(url: string): string {
  const { host, pathname } = new URL(url);
  return `${host.replaceAll(/[^A-Za-z0-9]/g, "-")}-${createHash("sha256").update(pathname).digest("hex").slice(0, 8)}`;
}
