import type { AccountFunction, Log } from "../../shared/function.ts";
import { loadKubeconfig } from "../../shared/kcp/kubeconfig.ts";
import { createMetrics, type Metrics } from "../../shared/metrics.ts";
import { systemWorkspace } from "../../shared/names.ts";
import { allowedTypes } from "../../shared/naming.ts";
import { describeBuild } from "../build-info.ts";
import type { Parent } from "../isolation/parent.ts";
import { recordDispatch } from "../record-dispatch.ts";
import type { OpenSecurity } from "../security.ts";
import { tellAll } from "../tell-all.ts";
import { startTracing } from "../tracing.ts";
import { openDecide } from "./open-decide.ts";
import { createResponder, type Responder } from "./responder.ts";
import { createSchedule } from "./scheduler.ts";
import { SeenAccounts } from "./seen-accounts.ts";
import type { ServeConfig } from "./serve-config.ts";
import { createSink } from "./sink.ts";

export interface ServeHost {
  /** Those that this process serves. */
  readonly functions: readonly AccountFunction[];
  /** What these take of it. */
  readonly openSecurity: OpenSecurity;
  readonly log: Log;
  /** Of the product. */
  readonly version: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted when the process is to end. */
  readonly signal: AbortSignal;
  /** Who started this process to serve a function, and keeps what that records. */
  readonly parent?: Parent | undefined;
}

/** Functions that answer events, whichever server brings those. */
export interface Runtime {
  readonly responder: Responder;
  readonly metrics: Metrics;
  /** What is missing until events can be handled; those that come earlier wait for it. */
  missing(): readonly string[];
  /** Resolves once they can be; rejects, in words for people, when they never will. */
  readonly opened: Promise<unknown>;
}

/** Starts it; `cleanup` ends it. Rejects without a usable kubeconfig. */
export async function startRuntime(
  config: ServeConfig,
  host: ServeHost,
  cleanup: AsyncDisposableStack,
): Promise<Runtime> {
  const { functions, openSecurity, log, version, env, signal, parent } = host;
  const kubeconfig = await loadKubeconfig({ ...config.kubeconfig, env });
  const workspace = config.source.workspace ?? kubeconfig.workspace ?? systemWorkspace;
  const metrics = createMetrics();
  parent?.takeMeasurements(metrics);
  describeBuild(metrics, config.attributes, version);
  const tracing = config.tracing && (await startTracing(config.tracing, config.attributes));
  cleanup.defer(async () => tracing?.shutdown());
  const accounts = new SeenAccounts();
  const seen = accounts.add.bind(accounts);
  let isOpen = false;
  const opened = openDecide(
    { config, kubeconfig, workspace, version, log, metrics, cleanup, openSecurity, seen, parent },
    signal,
  );
  opened.then(
    () => {
      isOpen = true;
    },
    // Whoever waits for it is told.
    () => {},
  );
  const recorded = recordDispatch({
    metrics,
    functions,
    concurrency: config.concurrency,
    accountTypes: allowedTypes(config.settings),
    accountOf: (cluster, name) => accounts.of(cluster, name),
    now: Date.now,
  });
  const responder = createResponder({
    functions,
    log,
    invoke: async (fn, event, ctx) => (await opened)(fn, event, ctx),
    forParent: parent !== undefined,
    metrics: tracing ? tellAll([recorded, tracing.dispatch]) : recorded,
    concurrency: config.concurrency,
    sink: config.sink === undefined ? undefined : createSink(config.sink),
    schedule: config.scheduler === undefined ? undefined : createSchedule(config.scheduler),
  });
  return {
    responder,
    metrics,
    opened,
    missing() {
      if (signal.aborted) return ["shutting down"];
      return isOpen ? [] : ["kcp: not reached yet"];
    },
  };
}
