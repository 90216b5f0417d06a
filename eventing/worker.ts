import { setTimeout as delay } from "node:timers/promises";
import { functions, steps } from "../functions/index.ts";
import type { Log } from "../shared/function.ts";
import { createInvoke, type Invoke } from "../shared/invoke.ts";
import type { Kubeconfig } from "../shared/kcp/kubeconfig.ts";
import { createClient } from "../shared/kcp/rest.ts";
import type { Metrics } from "../shared/metrics.ts";
import type { Settings } from "../shared/settings.ts";
import type { Bus } from "./bus/bus.ts";
import type { DispatchMetrics } from "./dispatch-metrics.ts";
import { createDispatcher } from "./dispatcher.ts";
import { countingTypes, recordAccounts, recordObjects } from "./record-accounts.ts";
import { recordDispatch } from "./record-dispatch.ts";
import type { RunConfig } from "./run-config.ts";
import { createSource, type Source } from "./source/source.ts";
import { Store } from "./store.ts";
import { storeBackend } from "./store-backend.ts";
import { tellAll } from "./tell-all.ts";

export interface WorkerOptions {
  readonly config: RunConfig;
  readonly kubeconfig: Kubeconfig;
  readonly bus: Bus;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Told of every handled event besides the metrics. */
  readonly tracing: DispatchMetrics | undefined;
}

/** The source and the functions at work, from its start until it is stopped. */
export interface Worker {
  /** What is missing until every change reaches its functions. */
  missing(): readonly string[];
  /** Rejects when the source breaks for good; resolves once stopped. */
  readonly ended: Promise<void>;
  /** Takes no more work and gives what is under way `ms` milliseconds to end. */
  stop(ms: number): Promise<void>;
}

const pollMs = 20;

/** Starts to work. A worker is used once: its store is empty at first and goes with it. */
export function startWorker(options: WorkerOptions): Worker {
  const { config, kubeconfig, bus, log, metrics } = options;
  const stopping = new AbortController();
  const store = new Store();
  const source = createSource({
    config: kubeconfig,
    sliceName: config.source.endpointSlice,
    ...(config.source.workspace && { workspace: config.source.workspace }),
    bus,
    store,
    resyncMs: config.source.resync,
    log,
    hooks: {
      onEvent: ({ kind, verb }) => metrics.events.published.inc({ kind, verb }),
      onRestart: ({ kind }) => metrics.events.watchRestarts.inc({ kind }),
    },
  });
  const dispatcher = dispatcherOf(options, store, source);
  recordObjects(metrics, store);
  let receiving = false;

  const running = source.start(stopping.signal);
  const dispatching = (async () => {
    // What a function reads must be there before the first event is: it would take an unread account for a gone one.
    while (!source.synced) await delay(pollMs, undefined, { signal: stopping.signal });
    await dispatcher.start();
    receiving = true;
    log.info({ accounts: [...store.all("Account")].length }, "ready: every change reaches its functions");
  })();
  const started = dispatching.catch((error: unknown) => {
    if (!stopping.signal.aborted) throw error;
  });

  return {
    missing: () => [
      ...(source.synced ? [] : ["kcp: not all watches are in step"]),
      ...(receiving ? [] : ["functions: they do not receive events yet"]),
    ],
    ended: Promise.all([running, started]).then(() => undefined),
    async stop(ms) {
      stopping.abort(new Error("stopping"));
      // Subscribing waits for a bus that is away; stopping does not.
      await Promise.race([started.catch(() => undefined), delay(ms, undefined, { ref: false })]);
      await dispatcher.drain(ms);
      await running.catch(() => undefined);
    },
  };
}

function dispatcherOf(options: WorkerOptions, store: Store, source: Source) {
  const { config, kubeconfig, metrics, log, bus } = options;
  const client = createClient({
    config: kubeconfig,
    basesOf: source.basesOf,
    pathOf: (cluster) => store.pathOf(cluster),
    timeoutMs: config.requestTimeout,
    onRequest: ({ code, method, host }) => metrics.process.requests.inc({ code, method, host }),
  });
  const settings: Settings = { ...config.settings, serverCa: kubeconfig.serverCa() };
  const active = functions.filter(({ name }) => !config.disabledFunctions.has(name));
  const backend = storeBackend({ ...client, ...countingTypes(client, metrics) }, store);
  const decide = createInvoke({ backend, settings, steps, observed: recordAccounts(metrics) });
  // A shard that appears later fills the store again, and until then the same holds.
  const invoke: Invoke = async (fn, event, ctx) => {
    while (!source.inStore) await delay(pollMs, undefined, { signal: ctx.signal });
    return decide(fn, event, ctx);
  };
  const recorded = recordDispatch({
    metrics,
    functions: active,
    concurrency: config.concurrency,
    accountTypes: ["org", "account", ...settings.additionalAccountTypes],
    accountOf: (cluster, name) => store.peek("Account", cluster, name),
    now: Date.now,
  });
  return createDispatcher({
    bus,
    functions: active,
    invoke,
    log,
    maxConcurrent: config.concurrency,
    metrics: options.tracing ? tellAll([recorded, options.tracing]) : recorded,
  });
}
