import { setTimeout as delay } from "node:timers/promises";
import type { Log } from "../../shared/function.ts";
import { messageOf } from "../../shared/kcp/errors.ts";
import { loadKubeconfig } from "../../shared/kcp/kubeconfig.ts";
import { createClient } from "../../shared/kcp/rest.ts";
import { createMetrics } from "../../shared/metrics.ts";
import { systemWorkspace } from "../../shared/names.ts";
import { startAuthorization } from "../authorization/authorization.ts";
import { describeBuild } from "../build-info.ts";
import { serveHealth } from "../health.ts";
import { serveMetrics } from "../metrics-server.ts";
import { preflight } from "../preflight.ts";
import type { RunConfig } from "../run-config.ts";
import { startAdmission } from "./admission.ts";

type Shared =
  | "kubeconfig"
  | "requestTimeout"
  | "webhooks"
  | "authorization"
  | "fga"
  | "settings"
  | "attributes"
  | "log"
  | "metrics"
  | "health"
  | "shutdownTimeout";

/** Everything that `pm admission` can be told; durations in milliseconds. */
export interface AdmitConfig extends Pick<RunConfig, Shared> {
  readonly source: Pick<RunConfig["source"], "endpointSlice" | "workspace">;
}
export interface AdmitHost {
  readonly log: Log;
  /** Of the product. */
  readonly version: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted when the process is to end. */
  readonly signal: AbortSignal;
}

/** Whoever sends requests here hears of the end within this time, in milliseconds. */
const farewellMs = 3_000;

/** The whole of `pm admission`: the webhooks that kcp asks, without source and bus (decisions.md 40). Resolves after a
 *  clean shutdown; rejects when it cannot start. */
export async function admit(config: AdmitConfig, { log, version, env, signal }: AdmitHost): Promise<void> {
  const kubeconfig = await loadKubeconfig({ ...config.kubeconfig, env });
  const workspace = config.source.workspace ?? kubeconfig.workspace ?? systemWorkspace;
  const metrics = createMetrics();
  describeBuild(metrics, config.attributes, version);
  const host = { config, kubeconfig, workspace, log, metrics };
  await using cleanup = new AsyncDisposableStack();
  const { address, ...secure } = config.metrics;
  if (address) cleanup.adopt(await serveMetrics(metrics.registry, { address, ...secure }), (it) => it.close());
  let isServing = false;
  if (config.health.address) {
    const missing = () => (signal.aborted ? ["shutting down"] : isServing ? [] : ["starting"]);
    cleanup.adopt(await serveHealth(config.health.address, missing), (it) => it.close());
  }
  if (config.webhooks) cleanup.adopt(await startAdmission(config.webhooks, host), (it) => it.close());
  if (config.authorization) cleanup.adopt(await startAuthorization(config.authorization, host), (it) => it.close());
  isServing = true;
  void tellMissing(config, host, signal);
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  // kcp takes a webhook that does not answer for a refusal: those who still come are answered.
  await delay(Math.min(farewellMs, config.shutdownTimeout / 2));
  await cleanup.disposeAsync();
  log.info({}, "stopped");
}

/** kcp may come later, and waits for no answer that needs it; whoever set this up should hear what is wrong all the same. */
async function tellMissing(
  config: AdmitConfig,
  { kubeconfig, workspace, log }: Pick<Parameters<typeof startAdmission>[1], "kubeconfig" | "workspace" | "log">,
  signal: AbortSignal,
): Promise<void> {
  const client = createClient({ config: kubeconfig, timeoutMs: config.requestTimeout });
  try {
    await preflight(client, workspace, config.source.endpointSlice, signal);
  } catch (error) {
    if (!signal.aborted) log.error({ err: error }, `kcp cannot be asked yet: ${messageOf(error)}`);
  } finally {
    client.close();
  }
}
