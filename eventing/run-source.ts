import { setTimeout as delay } from "node:timers/promises";
import { functions } from "../functions/index.ts";
import { type Kubeconfig, loadKubeconfig } from "../shared/kcp/kubeconfig.ts";
import { readSecurityType } from "../shared/kcp/marker-urls.ts";
import { type Client, createClient } from "../shared/kcp/rest.ts";
import { createMetrics, type Metrics } from "../shared/metrics.ts";
import { systemWorkspace } from "../shared/names.ts";
import { defaultSecurity } from "../shared/settings.ts";
import { watchedKinds } from "./active-functions.ts";
import { describeBuild } from "./build-info.ts";
import type { Readiness } from "./health.ts";
import { leadInTurns } from "./lead-in-turns.ts";
import { isShared, type Outlet, openOutlet } from "./open-outlet.ts";
import { preflight } from "./preflight.ts";
import { serveProbes } from "./probe-servers.ts";
import { recordObjects } from "./record-accounts.ts";
import type { Host } from "./run.ts";
import { openScheduling, type Scheduling } from "./scheduler/scheduling.ts";
import { createSource } from "./source/source.ts";
import type { SourceRunConfig } from "./source-config.ts";
import { Store } from "./store.ts";

interface Work {
  readonly config: SourceRunConfig;
  readonly kubeconfig: Kubeconfig;
  readonly client: Client;
  readonly metrics: Metrics;
  readonly log: Host["log"];
  readonly scheduling: Scheduling | undefined;
  readonly probe: Probe;
}

/** The whole of `pm source`: kcp as events on a bus that others run functions from, and the timers of those functions.
 *  Resolves after a clean shutdown; rejects when it cannot start, or breaks for good. */
export async function runSource(config: SourceRunConfig, host: Omit<Host, "dispatch">): Promise<void> {
  const { log, version, env, signal } = host;
  const kubeconfig = await loadKubeconfig({ ...config.kubeconfig, env });
  const client = createClient({ config: kubeconfig, timeoutMs: config.requestTimeout });
  const metrics = createMetrics();
  describeBuild(metrics, config.attributes, version);
  const probe = new Probe(signal);

  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => client.close());
  await serveProbes(config, { metrics, missing: probe.missing }, cleanup);
  const workspace = config.source.workspace ?? kubeconfig.workspace ?? systemWorkspace;
  await preflight(client, workspace, config.source.endpointSlice, signal);
  const options = { sink: config.sink, state: config.state, timeoutMs: config.requestTimeout, log };
  // Where all may have it open, a stand-by takes timers too; state in a folder is the leader's.
  const shared = isShared(options) ? await openOutlet(options, cleanup) : undefined;
  const scheduling =
    config.scheduler && (await openScheduling(config.scheduler, { functions: activeNames(), log, metrics }));
  cleanup.defer(() => scheduling?.close());
  if (shared) await scheduling?.take(shared.timers);

  const work: Work = { config, kubeconfig, client, metrics, log, scheduling, probe };
  const term = async (end: AbortSignal, lost?: AbortSignal) => {
    await using ofTerm = new AsyncDisposableStack();
    const outlet = shared ?? (await openOutlet(options, ofTerm));
    if (!shared) {
      await scheduling?.take(outlet.timers);
      ofTerm.defer(() => scheduling?.giveBack());
    }
    await workUntil(work, outlet, end, lost);
  };
  if (config.leaderElect) {
    const turns = { client, workspace: kubeconfig.workspace ?? systemWorkspace, log, metrics };
    await leadInTurns({ ...turns, standsBy: () => probe.standBy() }, term, signal);
  } else await term(signal);
  log.info({}, "stopped");
}

/** Follows kcp until `end` is aborted. */
async function workUntil(work: Work, { sink }: Outlet, end: AbortSignal, lost?: AbortSignal): Promise<void> {
  const { config, kubeconfig, client, metrics, log, scheduling, probe } = work;
  const { marker } = defaultSecurity;
  const { isOn } = await readSecurityType((resource, target) => client.read(resource, target), marker);
  const stopping = new AbortController();
  const store = new Store();
  recordObjects(metrics, store);
  const source = createSource({
    config: kubeconfig,
    sliceName: config.source.endpointSlice,
    ...(config.source.workspace && { workspace: config.source.workspace }),
    kinds: watchedKinds(isOn ? functions : functions.filter(({ needs }) => !needs)),
    bus: sink,
    ...(config.sink.kind === "knative" && { parallel: config.sink.parallel }),
    store,
    resyncMs: config.source.resync,
    ...(isOn && { marker }),
    log,
    hooks: {
      onEvent: ({ kind, verb }) => metrics.events.published.inc({ kind, verb }),
      onRestart: ({ kind }) => metrics.events.watchRestarts.inc({ kind }),
    },
  });
  probe.work(() => [
    ...(sink.connected ? [] : ["bus: it does not take events"]),
    ...(source.synced ? [] : ["kcp: not all watches are in step"]),
  ]);
  await scheduling?.start((event, signal) => sink.publish(event, signal));
  const running = source.start(stopping.signal);
  void tellWhenReady(work, source, store, stopping.signal);
  const ended = new Promise<void>((resolve) => end.addEventListener("abort", () => resolve(), { once: true }));
  try {
    await Promise.race([running, end.aborted ? undefined : ended]);
  } finally {
    if (lost?.aborted) log.error({ err: lost.reason }, "another instance may lead: stopped at once");
    await scheduling?.stop(lost?.aborted ? 0 : config.shutdownTimeout);
    stopping.abort(new Error("stopping"));
    await running.catch(() => undefined);
  }
}

async function tellWhenReady(
  { log }: Work,
  source: { readonly synced: boolean },
  store: Store,
  signal: AbortSignal,
): Promise<void> {
  try {
    while (!source.synced) await delay(20, undefined, { signal });
    log.info({ accounts: [...store.all("Account")].length }, "ready: every change goes to the bus");
  } catch {
    // Stopped before.
  }
}

const activeNames = (): ReadonlySet<string> => new Set(functions.map(({ name }) => name));

/** What /readyz answers from. */
class Probe {
  #now: Readiness = () => ["starting"];
  readonly #stopping: AbortSignal;

  constructor(stopping: AbortSignal) {
    this.#stopping = stopping;
  }

  /** A stand-by is ready for what it has to do. */
  standBy(): void {
    this.#now = () => [];
  }
  work(missing: Readiness): void {
    this.#now = missing;
  }

  readonly missing: Readiness = () => (this.#stopping.aborted ? ["shutting down"] : this.#now());
}
