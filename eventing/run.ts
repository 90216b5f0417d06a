import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { Log } from "../shared/function.ts";
import { loadKubeconfig } from "../shared/kcp/kubeconfig.ts";
import { type Client, createClient } from "../shared/kcp/rest.ts";
import { createMetrics, type Metrics } from "../shared/metrics.ts";
import { systemWorkspace } from "../shared/names.ts";
import { startAdmission } from "./admission/admission.ts";
import { startAuthorization } from "./authorization/authorization.ts";
import { describeBuild } from "./build-info.ts";
import type { Bus } from "./bus/bus.ts";
import { systemClock } from "./clock.ts";
import { dispatchFunctions } from "./dispatch-functions.ts";
import { type Readiness, serveHealth } from "./health.ts";
import { becomeLeader, leaseName } from "./leader.ts";
import { serveMetrics } from "./metrics-server.ts";
import { openBus } from "./open-bus.ts";
import { FunctionTable } from "./overview/function-table.ts";
import { preflight } from "./preflight.ts";
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
  await serve(config, { metrics, table, missing: probe.missing }, cleanup);
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
  if (config.leaderElect) await leadInTurns(work, client, probe, signal);
  else await workUntil(work, probe, signal);
  log.info({}, "stopped");
}

/** Stands by, leads and, when it lost the Lease, stands by again. */
async function leadInTurns(work: WorkerOptions, client: Client, probe: Probe, signal: AbortSignal): Promise<void> {
  const { log, metrics, kubeconfig } = work;
  const identity = `${hostname()}_${randomUUID()}`;
  const leads = (value: 0 | 1) => metrics.process.leader.set({ name: leaseName }, value);
  while (!signal.aborted) {
    leads(0);
    probe.now = () => [];
    log.info({ identity }, "standing by until this instance leads");
    const workspace = kubeconfig.workspace ?? systemWorkspace;
    const term = await becomeLeader({ client, workspace, identity, log }, signal).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
    if (!term) return;
    leads(1);
    log.info({ identity }, "this instance leads");
    try {
      await workUntil(work, probe, AbortSignal.any([signal, term.lost]), term.lost);
    } finally {
      // Also when the work broke: the Lease must not be renewed by one who does not work.
      await term.release();
      leads(0);
    }
  }
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

interface Told {
  readonly metrics: Metrics;
  readonly table: FunctionTable;
  readonly missing: Readiness;
}

async function serve(
  config: RunConfig,
  { metrics, table, missing }: Told,
  cleanup: AsyncDisposableStack,
): Promise<void> {
  const { address, ...security } = config.metrics;
  if (address) {
    const server = await serveMetrics(metrics.registry, { address, ...security, functions: table });
    cleanup.defer(() => server.close());
  }
  if (config.health.address) {
    const server = await serveHealth(config.health.address, missing);
    cleanup.defer(() => server.close());
  }
}
