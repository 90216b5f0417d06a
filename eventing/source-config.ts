import type { Mode } from "../shared/http-event.ts";
import type { Address, Attributes, RunConfig, SourceConfig } from "./run-config.ts";
import type { TimerBounds } from "./scheduler/timers.ts";

/** Everything that `pm source` can be told; durations in milliseconds. */
export interface SourceRunConfig
  extends Pick<RunConfig, "kubeconfig" | "requestTimeout" | "log" | "metrics" | "health" | "leaderElect"> {
  readonly source: SourceConfig;
  readonly attributes: Attributes;
  readonly shutdownTimeout: number;
  readonly sink: SinkConfig;
  readonly state: StateConfig;
  readonly scheduler: SchedulerConfig | undefined;
}
/** Where the events go. */
export type SinkConfig =
  | {
      readonly kind: "knative";
      readonly url: string;
      readonly mode: Mode;
      readonly extensions: Readonly<Record<string, string>>;
      /** PEM certificates that the sink is trusted by. */
      readonly ca?: string;
      /** Events on their way at once, of each kind and shard. */
      readonly parallel: number;
    }
  | { readonly kind: "nats" };
/** Where the checkpoint and the timers are; with a bus on NATS it is the same server. */
export type StateConfig =
  | { readonly kind: "nats"; readonly url: string; readonly prefix: string }
  | { readonly kind: "file"; readonly folder: string };
export interface SchedulerConfig {
  readonly address: Address;
  /** Where a function takes events; `{function}` stands for its name. */
  readonly urlTemplate: string;
  /** Takes what a function refuses for good. */
  readonly deadLetterSink?: string;
  readonly bounds: TimerBounds;
  /** Of one delivery. */
  readonly timeout: number;
}
