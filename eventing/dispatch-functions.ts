import { setTimeout as delay } from "node:timers/promises";
import { functions, steps } from "../functions/index.ts";
import type { AccountFunction, Log } from "../shared/function.ts";
import { createInvoke, type Invoke, type InvokeOptions } from "../shared/invoke.ts";
import { createClusters } from "../shared/kcp/clusters.ts";
import type { Kubeconfig } from "../shared/kcp/kubeconfig.ts";
import { type Client, createClient } from "../shared/kcp/rest.ts";
import type { Metrics } from "../shared/metrics.ts";
import { allowedTypes } from "../shared/naming.ts";
import type { Outside } from "../shared/outside.ts";
import type { Backend } from "../shared/pass.ts";
import type { Settings } from "../shared/settings.ts";
import { activeFunctions } from "./active-functions.ts";
import type { Records } from "./bus/archive.ts";
import type { Bus } from "./bus/bus.ts";
import type { DispatchMetrics } from "./dispatch-metrics.ts";
import { createDispatcher, type Dispatcher } from "./dispatcher.ts";
import { type Execute, executeHere } from "./execute.ts";
import type { FunctionTable, PlaceOf } from "./overview/function-table.ts";
import { countingTypes, recordAccounts } from "./record-accounts.ts";
import { recordDispatch } from "./record-dispatch.ts";
import { recordInvocations } from "./recording/recorder.ts";
import type { RunConfig } from "./run-config.ts";
import type { Security } from "./security.ts";
import type { Source } from "./source/source.ts";
import type { Store } from "./store.ts";
import { storeBackend } from "./store-backend.ts";
import { tellAll } from "./tell-all.ts";

/** What source and functions share as long as they work. */
export interface Work {
  readonly config: RunConfig;
  readonly kubeconfig: Kubeconfig;
  readonly bus: Bus;
  /** Where every invocation is recorded, if any is. */
  readonly records: Records | undefined;
  /** Of the product. */
  readonly version: string;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Told of every handled event besides the metrics. */
  readonly tracing: DispatchMetrics | undefined;
  /** Where it is on. */
  readonly security: Security | undefined;
  /** Shows which functions are at work, and how. */
  readonly table: FunctionTable;
}

const pollMs = 20;

/** The functions, ready to receive what the source publishes and to read what is in its store. */
export function dispatchFunctions(work: Work, store: Store, source: Source): Dispatcher {
  const { config, kubeconfig, metrics, records, version } = work;
  const client = createClient({
    config: kubeconfig,
    basesOf: source.basesOf,
    pathOf: (cluster) => store.pathOf(cluster),
    timeoutMs: config.requestTimeout,
    onRequest: ({ code, method, host }) => metrics.process.requests.inc({ code, method, host }),
  });
  const { security } = work;
  const settings: Settings = {
    ...config.settings,
    serverCa: kubeconfig.serverCa(),
    ...(security && { security: security.settings }),
  };
  const active = activeFunctions(functions, { ...config, security });
  const outside = security && outsideOf(security, client, work);
  const backend: Backend = {
    ...storeBackend({ ...client, ...countingTypes(client, metrics) }, store),
    ...(outside && { outside }),
  };
  const deciding: InvokeOptions = { backend, settings, steps, observed: recordAccounts(metrics) };
  const decide = records ? recordInvocations(deciding, { records, version }) : createInvoke(deciding);
  // A shard that appears later fills the store again, and until then the same holds.
  const invoke: Invoke = async (fn, event, ctx) => {
    while (!source.inStore) await delay(pollMs, undefined, { signal: ctx.signal });
    return decide(fn, event, ctx);
  };
  return dispatchThrough(executeHere(invoke), active, { work, store });
}

interface Through {
  readonly work: Work;
  readonly store: Store;
  /** In this process unless given. */
  readonly placeOf?: PlaceOf;
}

/** The dispatcher of these functions, wherever they are executed. */
export function dispatchThrough(
  execute: Execute,
  active: readonly AccountFunction[],
  { work, store, placeOf }: Through,
): Dispatcher {
  const { bus, config, log, metrics, table, tracing } = work;
  table.show(active, placeOf);
  const recorded = recordDispatch({
    metrics,
    functions: active,
    concurrency: config.concurrency,
    accountTypes: allowedTypes(config.settings),
    accountOf: (cluster, name) => store.peek("Account", cluster, name),
    now: Date.now,
  });
  return createDispatcher({
    ...{ bus, functions: active, execute, log },
    maxConcurrent: config.concurrency,
    metrics: tellAll([recorded, table.metrics, ...(tracing ? [tracing] : [])]),
  });
}

function outsideOf({ settings, fga, identity }: Security, claimed: Client, work: Work): Outside {
  const client = { config: work.kubeconfig, timeoutMs: work.config.requestTimeout };
  const clusters = createClusters({ direct: createClient(client), claimed, client, marker: settings.marker });
  return { clusters, ...(fga && { fga }), ...(identity && { identity }) };
}
