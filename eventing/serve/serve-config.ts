import type { Address, BusConfig, RunConfig } from "../run-config.ts";

type Shared =
  | "kubeconfig"
  | "requestTimeout"
  | "fga"
  | "settings"
  | "security"
  | "disabledFunctions"
  | "concurrency"
  | "attributes"
  | "log"
  | "metrics"
  | "tracing"
  | "shutdownTimeout"
  | "recording";

/** Everything that `pm serve` can be told; durations in milliseconds. */
export interface ServeConfig extends Pick<RunConfig, Shared> {
  readonly source: Pick<RunConfig["source"], "endpointSlice" | "workspace">;
  /** Where the functions are served. */
  readonly address: Address;
  /** Where events go that are not the answer: a Broker's ingress. */
  readonly sink: string | undefined;
  /** Of the source's endpoint that keeps events until their time. */
  readonly scheduler: string | undefined;
  /** Where invocations are recorded; nothing is without. */
  readonly nats: Extract<BusConfig, { kind: "nats" }> | undefined;
}
