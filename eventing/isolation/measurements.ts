import { Counter, Histogram, type Registry } from "prom-client";
import type { Measurement } from "./messages.ts";

/** What is measured within an invocation. All else is about events, and measured where those are handed out. */
const measuredInside = [
  "rest_client_requests_total",
  "account_operator_workspacetype_operations_total",
  "account_operator_workspace_ready_duration_seconds",
  "account_operator_org_provisioning_duration_seconds",
];

/** From now on these metrics of this process are told instead of kept. */
export function tellMeasurements(registry: Registry, tell: (measurement: Measurement) => void): void {
  for (const metric of measuredInside) {
    const told = (...args: Measurement["args"]) => tell({ is: "measured", metric, args });
    const kept = registry.getSingleMetric(metric);
    if (kept instanceof Counter) Object.assign(kept, { inc: told });
    if (kept instanceof Histogram) Object.assign(kept, { observe: told });
  }
}

/** Keeps what another process has measured. */
export function takeMeasurement(registry: Registry, { metric, args }: Measurement): void {
  const kept = measuredInside.includes(metric) ? registry.getSingleMetric(metric) : undefined;
  if (kept instanceof Counter) Reflect.apply(kept.inc, kept, args);
  if (kept instanceof Histogram) Reflect.apply(kept.observe, kept, args);
}
