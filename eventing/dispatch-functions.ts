import { setTimeout as delay } from "node:timers/promises";
import { functions } from "../functions/index.ts";
import type { AccountFunction, Log } from "../shared/function.ts";
import type { Invoke } from "../shared/invoke.ts";
import { createClient } from "../shared/kcp/rest.ts";
import { allowedTypes } from "../shared/naming.ts";
import { activeFunctions } from "./active-functions.ts";
import type { Bus } from "./bus/bus.ts";
import { createDecide, type Deciding } from "./decide.ts";
import type { DispatchMetrics } from "./dispatch-metrics.ts";
import { createDispatcher, type Dispatcher } from "./dispatcher.ts";
import { type Execute, executeHere } from "./execute.ts";
import type { FunctionTable, PlaceOf } from "./overview/function-table.ts";
import { recordDispatch } from "./record-dispatch.ts";
import type { RunConfig } from "./run-config.ts";
import type { Source } from "./source/source.ts";
import type { Store } from "./store.ts";
import { storeBackend } from "./store-backend.ts";
import { tellAll } from "./tell-all.ts";

/** What source and functions share as long as they work. */
export interface Work extends Deciding {
  readonly config: RunConfig;
  readonly bus: Bus;
  readonly log: Log;
  /** Told of every handled event besides the metrics. */
  readonly tracing: DispatchMetrics | undefined;
  /** Shows which functions are at work, and how. */
  readonly table: FunctionTable;
}

const pollMs = 20;

/** The functions, ready to receive what the source publishes and to read what is in its store. */
export function dispatchFunctions(work: Work, store: Store, source: Source): Dispatcher {
  const { config, kubeconfig, metrics, security } = work;
  const client = createClient({
    config: kubeconfig,
    basesOf: source.basesOf,
    pathOf: (cluster) => store.pathOf(cluster),
    timeoutMs: config.requestTimeout,
    onRequest: ({ code, method, host }) => metrics.process.requests.inc({ code, method, host }),
  });
  const active = activeFunctions(functions, { ...config, security });
  const decide = createDecide({ ...work, client, backend: (counting) => storeBackend(counting, store) });
  // A shard that appears later fills the store again, and until then the same holds.
  const invoke: Invoke = async (fn, event, ctx) => {
    while (!source.inStore) await delay(pollMs, undefined, { signal: ctx.signal });
    return decide.invoke(fn, event, ctx);
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
