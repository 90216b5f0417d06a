import { findCondition } from "../../shared/conditions.ts";
import type { Log } from "../../shared/function.ts";
import { messageOf } from "../../shared/kcp/errors.ts";
import { createHttp, type Http } from "../../shared/kcp/http.ts";
import { coreKinds, type Kind } from "../../shared/kcp/kinds.ts";
import type { Kubeconfig } from "../../shared/kcp/kubeconfig.ts";
import type { Account } from "../../shared/kcp/objects.ts";
import { createClient } from "../../shared/kcp/rest.ts";
import { condition } from "../../shared/names.ts";
import type { EventSink } from "../bus/bus.ts";
import { sleep } from "../clock.ts";
import type { Store } from "../store.ts";
import { accountKeyOf } from "./account-key.ts";
import { type Forwarding, resyncDue } from "./cloud-event.ts";
import { followEndpoints } from "./endpoints.ts";
import type { FeedHooks } from "./feed.ts";
import { Held } from "./held.ts";
import { Hold } from "./hold.ts";
import { Publisher } from "./publisher.ts";
import { isReady, ResyncSchedule } from "./resync.ts";
import { Shards } from "./shards.ts";
import { defaultTiming, type Timing } from "./watch.ts";

export interface SourceOptions {
  readonly config: Kubeconfig;
  /** Name of the APIExportEndpointSlice to follow. */
  readonly sliceName: string;
  /** Workspace of the slice; that of the kubeconfig unless given. */
  readonly workspace?: string;
  /** What is watched; the core kinds unless given. */
  readonly kinds?: readonly Kind[];
  readonly bus: Pick<EventSink, "publish" | "checkpoint">;
  /** How many changes of one kind on one shard may be on their way to the bus at once, those of an account still in their
   *  order; 1 unless given, which is enough for a bus that answers within a millisecond. */
  readonly parallel?: number;
  readonly store: Store;
  /** Milliseconds after which each Account is looked at again. */
  readonly resyncMs: number;
  /** Initializer and terminator whose workspaces are followed too, where security is on. */
  readonly marker?: string;
  readonly log: Log;
  readonly hooks?: FeedHooks;
  readonly http?: Http;
  readonly timing?: Timing;
}

/** kcp as a stream of events, and the store that follows it. */
export interface Source {
  /** Runs until the signal is aborted, then resolves. What was not acknowledged by then is published by the next run. */
  start(signal: AbortSignal): Promise<void>;
  /** All is in the store, its events are on the bus, and every watch runs. */
  readonly synced: boolean;
  /** The store has all objects, so that what is not in it does not exist. Not so while a shard has just appeared. */
  readonly inStore: boolean;
  /** URLs below which a cluster may be served: that of its shard if it is known, else of all. */
  basesOf(cluster: string): readonly string[];
}

export function createSource(options: SourceOptions): Source {
  const { config, log, store, timing = defaultTiming } = options;
  const { clock } = timing;
  const http = options.http ?? createHttp(config);
  const forwarding: Forwarding = { server: config.server, store, now: clock.now };
  const shards = new Shards(store);
  const held = options.marker === undefined ? undefined : new Held(options.marker);
  let isRunning = false;
  // What was Ready before security was switched on is still to be secured.
  const isSettled = (account: Account) =>
    isReady(account) && (!held || findCondition(account, condition.security)?.reason !== "Skipped");

  const reader = createClient({ config, http });

  async function run(signal: AbortSignal): Promise<void> {
    const url = workspaceUrl(config, options.workspace);
    const hold = new Hold(store, clock);
    const { parallel = 1 } = options;
    const publisher = new Publisher({ ...timing, bus: options.bus, log, signal, inOrder: parallel > 1 });
    const checkpoint = await publisher.persist("opening the checkpoint", () => options.bus.checkpoint());
    const { hooks = {}, kinds = coreKinds, sliceName } = options;
    const onEndpoints = async (urls: readonly string[]): Promise<void> => {
      await shards.follow(urls, {
        kinds,
        forwarding,
        publisher,
        checkpoint,
        hold,
        clock,
        log,
        http,
        timing,
        hooks,
        signal,
        parallel,
      });
      await held?.follow({ forwarding, publisher, hooks, http, timing, signal, read: reader.read });
      log.info({ endpoints: urls }, "following the shards of the API export");
    };
    await Promise.all([
      followEndpoints({ workspaceUrl: url, sliceName, onEndpoints, http, timing, log, signal }),
      resync(publisher, signal),
    ]);
    hold.end();
    await Promise.all([shards.ended(), held?.ended()]);
  }

  async function resync(publisher: Publisher, signal: AbortSignal): Promise<void> {
    const schedule = new ResyncSchedule(options.resyncMs, timing.random, isSettled);
    for (;;) {
      await sleep(clock, timing.tickMs, signal).catch(() => undefined);
      if (signal.aborted) return;
      // What looks stuck may only be unseen.
      if (!shards.synced) continue;
      for (const account of schedule.due(store.all("Account"), clock.now())) {
        const key = accountKeyOf("Account", account, store);
        if (key) await publisher.publish(resyncDue(forwarding, account, key, clock.now()));
      }
    }
  }

  return {
    async start(signal) {
      isRunning = true;
      try {
        await run(signal);
      } catch (error) {
        if (!signal.aborted) throw error;
        log.debug({ reason: messageOf(error) }, "source ended");
      } finally {
        isRunning = false;
        if (!options.http) http.close();
      }
    },
    get synced() {
      return isRunning && shards.synced && held?.synced !== false;
    },
    get inStore() {
      return shards.inStore;
    },
    basesOf: (cluster) => shards.basesOf(cluster),
  };
}

function workspaceUrl({ server, workspace }: Kubeconfig, given: string | undefined): string {
  const path = given ?? workspace;
  if (!path) {
    throw new Error(`the kubeconfig's server ${server} names no workspace: add /clusters/root:platform-mesh-system`);
  }
  return `${server}/clusters/${path}`;
}
