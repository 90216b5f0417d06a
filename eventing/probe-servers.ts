import type { Metrics } from "../shared/metrics.ts";
import { type Readiness, serveHealth } from "./health.ts";
import { serveMetrics } from "./metrics-server.ts";
import type { FunctionTable } from "./overview/function-table.ts";
import type { RunConfig } from "./run-config.ts";

export interface Probed {
  readonly metrics: Metrics;
  /** Those that the process runs. */
  readonly functions?: FunctionTable;
  /** What it lacks to work. */
  readonly missing: Readiness;
}

/** Serves what a cluster asks a process: its metrics and its health, each where it is wanted. */
export async function serveProbes(
  config: Pick<RunConfig, "metrics" | "health">,
  { metrics, functions, missing }: Probed,
  cleanup: AsyncDisposableStack,
): Promise<void> {
  const { address, ...security } = config.metrics;
  if (address) {
    const server = await serveMetrics(metrics.registry, { address, ...security, ...(functions && { functions }) });
    cleanup.defer(() => server.close());
  }
  if (config.health.address) {
    const server = await serveHealth(config.health.address, missing);
    cleanup.defer(() => server.close());
  }
}
