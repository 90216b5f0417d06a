import { setTimeout as delay } from "node:timers/promises";
import type { Log } from "../../shared/function.ts";
import { messageOf } from "../../shared/kcp/errors.ts";
import { createHttp, type Http } from "../../shared/kcp/http.ts";
import type { Kubeconfig } from "../../shared/kcp/kubeconfig.ts";
import type { Bus } from "../bus/bus.ts";
import type { Store } from "../store.ts";
import { accountKeyOf } from "./account-key.ts";
import { type Forwarding, resyncDue } from "./cloud-event.ts";
import { followEndpoints } from "./endpoints.ts";
import type { FeedHooks } from "./feed.ts";
import { Hold } from "./hold.ts";
import { Publisher } from "./publisher.ts";
import { ResyncSchedule } from "./resync.ts";
import { Shard } from "./shard.ts";
import { defaultTiming, type Timing } from "./watch.ts";

export interface SourceOptions {
  readonly config: Kubeconfig;
  /** Name of the APIExportEndpointSlice to follow. */
  readonly sliceName: string;
  /** Workspace of the slice; that of the kubeconfig unless given. */
  readonly workspace?: string;
  readonly bus: Pick<Bus, "publish" | "checkpoint">;
  readonly store: Store;
  /** Milliseconds after which each Account is looked at again. */
  readonly resyncMs: number;
  readonly log: Log;
  readonly hooks?: FeedHooks;
  readonly http?: Http;
  readonly timing?: Timing;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** kcp as a stream of events, and the store that follows it. */
export interface Source {
  /** Runs until the signal is aborted, then resolves. What was not acknowledged by then is published by the next run. */
  start(signal: AbortSignal): Promise<void>;
  /** All is in the store, its events are on the bus, and every watch runs. */
  readonly synced: boolean;
  /** URLs below which a cluster may be served: that of its shard if it is known, else of all. */
  basesOf(cluster: string): readonly string[];
}

export function createSource(options: SourceOptions): Source {
  const { config, log, store, now = Date.now, timing = defaultTiming } = options;
  const http = options.http ?? createHttp(config);
  const forwarding: Forwarding = { server: config.server, store, now };
  let shards: readonly Shard[] = [];
  const isSynced = () => shards.length > 0 && shards.every((shard) => shard.synced);

  async function follow(running: AbortSignal): Promise<void> {
    const hold = new Hold(store);
    const publisher = new Publisher({ bus: options.bus, backoff: timing.backoff, log, signal: running });
    const checkpoint = await publisher.persist("opening the checkpoint", () => options.bus.checkpoint());
    const stops = new Map<string, AbortController>();
    const common = { forwarding, publisher, checkpoint, hold, log, http, timing, hooks: options.hooks ?? {} };
    const begin = (url: string): Shard => {
      const stop = new AbortController();
      stops.set(url, stop);
      return new Shard({ ...common, url, signal: AbortSignal.any([running, stop.signal]) });
    };
    const onEndpoints = async (urls: readonly string[]): Promise<void> => {
      const gone = shards.filter(({ url }) => !urls.includes(url));
      for (const { url } of gone) stops.get(url)?.abort();
      await Promise.all(gone.map(({ ended }) => ended));
      for (const { name } of gone) store.dropShard(name);
      const kept = shards.filter(({ url }) => urls.includes(url));
      const fresh = urls.filter((url) => !kept.some((shard) => shard.url === url));
      shards = [...kept, ...fresh.map(begin)];
      log.info({ endpoints: urls }, "following the shards of the API export");
    };
    await Promise.all([
      followEndpoints({
        http,
        timing,
        log,
        onEndpoints,
        signal: running,
        sliceName: options.sliceName,
        workspaceUrl: workspaceUrl(config, options.workspace),
      }),
      resync(publisher, running),
    ]);
    hold.end();
    await Promise.all(shards.map(({ ended }) => ended));
  }

  async function resync(publisher: Publisher, running: AbortSignal): Promise<void> {
    const schedule = new ResyncSchedule(options.resyncMs);
    for (;;) {
      await delay(timing.tickMs, undefined, { signal: running }).catch(() => undefined);
      if (running.aborted) return;
      // What looks stuck may only be unseen.
      if (!isSynced()) continue;
      for (const account of schedule.due(store.all("Account"), now())) {
        const key = accountKeyOf("Account", account, store);
        if (key) await publisher.publish(resyncDue(forwarding, account, key, now()));
      }
    }
  }

  return {
    async start(signal) {
      try {
        await follow(signal);
      } catch (error) {
        if (!signal.aborted) throw error;
        log.debug({ reason: messageOf(error) }, "source ended");
      } finally {
        shards = [];
        if (!options.http) http.close();
      }
    },
    get synced() {
      return isSynced();
    },
    basesOf(cluster) {
      const shard = store.shardOf(cluster);
      const known = shards.filter(({ name }) => name === shard);
      return (known.length > 0 ? known : shards).map(({ url }) => url);
    },
  };
}

function workspaceUrl({ server, workspace }: Kubeconfig, given: string | undefined): string {
  const path = given ?? workspace;
  if (!path) {
    throw new Error(`the kubeconfig's server ${server} names no workspace: add /clusters/root:platform-mesh-system`);
  }
  return `${server}/clusters/${path}`;
}
