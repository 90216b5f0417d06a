import type { Log } from "../shared/function.ts";
import { loadKubeconfig } from "../shared/kcp/kubeconfig.ts";
import { createClient } from "../shared/kcp/rest.ts";
import { createMetrics } from "../shared/metrics.ts";
import { systemWorkspace } from "../shared/names.ts";
import { startAdmission } from "./admission/admission.ts";
import { startAuthorization } from "./authorization/authorization.ts";
import { describeBuild } from "./build-info.ts";
import type { Bus } from "./bus/bus.ts";
import { systemClock } from "./clock.ts";
import { dispatchFunctions } from "./dispatch-functions.ts";
import type { Readiness } from "./health.ts";
import { leadInTurns } from "./lead-in-turns.ts";
import { openBus } from "./open-bus.ts";
import { FunctionTable } from "./overview/function-table.ts";
import { preflight } from "./preflight.ts";
import { serveProbes } from "./probe-servers.ts";
import { countLost } from "./recording/recorder.ts";
import type { RunConfig } from "./run-config.ts";
import { openSecurity } from "./security.ts";
import type { Store } from "./store.ts";
import { startTracing } from "./tracing.ts";
import { startWorker, type WorkerOptions } from "./worker.ts";

export interface Host {
  readonly log: Log;
  /** Of the product. */
  readonly version: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted when the process is to end. */
  readonly signal: AbortSignal;
  /** Brings the functions to the bus; those of this process unless given. */
  readonly dispatch?: typeof dispatchFunctions;
}

/** The whole of `pm run`. Resolves after a clean shutdown; rejects when it cannot start, or breaks for good. */
export async function run(config: RunConfig, host: Host): Promise<void> {
  const { log, version, env, signal, dispatch = dispatchFunctions } = host;
  const kubeconfig = await loadKubeconfig({ ...config.kubeconfig, env });
  const client = createClient({ config: kubeconfig, timeoutMs: config.requestTimeout });
  const metrics = createMetrics();
  describeBuild(metrics, config.attributes, version);
  const probe = new Probe(signal);
  const table = new FunctionTable(version, systemClock);

  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => client.close());
  await serveProbes(config, { metrics, functions: table, missing: probe.missing }, cleanup);
  const workspace = config.source.workspace ?? kubeconfig.workspace ?? systemWorkspace;
  await preflight(client, workspace, config.source.endpointSlice, signal);
  const security = await openSecurity(config, client, log);
  cleanup.defer(() => security?.fga?.close());
  if (config.webhooks) {
    const admission = await startAdmission(config.webhooks, { config, kubeconfig, workspace, log, metrics });
    cleanup.defer(() => admission.close());
  }
  if (config.authorization) {
    const host = { config, kubeconfig, workspace, log, metrics, known: () => probe.store };
    const authorization = await startAuthorization(config.authorization, host);
    cleanup.defer(() => authorization.close());
  }
  const bus = await openBus(config.bus, { log, version, cleanup });
  probe.bus = bus;
  const tracing = config.tracing && (await startTracing(config.tracing, config.attributes));
  cleanup.defer(async () => tracing?.shutdown());

  const records = config.recording && (await bus.records(config.recording));
  if (records) countLost(metrics, records);
  const shared = { config, kubeconfig, bus, records, version, log, metrics, security, table };
  const work = { ...shared, tracing: tracing?.dispatch, dispatch };
  if (config.leaderElect) {
    const standsBy = () => {
      probe.now = () => [];
    };
    const turns = { client, workspace: kubeconfig.workspace ?? systemWorkspace, log, metrics, standsBy };
    await leadInTurns(turns, (end, lost) => workUntil(work, probe, end, lost), signal);
  } else await workUntil(work, probe, signal);
  log.info({}, "stopped");
}

/** Works until `end` is aborted. What is under way then may finish, unless the reason is that another one leads. */
async function workUntil(work: WorkerOptions, probe: Probe, end: AbortSignal, lost?: AbortSignal): Promise<void> {
  const worker = startWorker(work);
  probe.now = worker.missing;
  probe.store = worker.store;
  const ended = new Promise<void>((resolve) => end.addEventListener("abort", () => resolve(), { once: true }));
  try {
    await Promise.race([worker.ended, end.aborted ? undefined : ended]);
  } finally {
    work.table.show([]);
    probe.store = undefined;
    if (lost?.aborted) work.log.error({ err: lost.reason }, "another instance may lead: stopped at once");
    await worker.stop(lost?.aborted ? 0 : work.config.shutdownTimeout);
  }
}

/** What /readyz answers from. */
class Probe {
  bus: Bus | undefined;
  /** What the present stage of the process lacks. */
  now: Readiness = () => ["starting"];
  /** What is known of kcp, while this instance works. */
  store: Store | undefined;
  readonly #stopping: AbortSignal;

  constructor(stopping: AbortSignal) {
    this.#stopping = stopping;
  }

  readonly missing: Readiness = () => {
    if (this.#stopping.aborted) return ["shutting down"];
    return [...(this.bus?.connected === false ? ["bus: not connected"] : []), ...this.now()];
  };
}
