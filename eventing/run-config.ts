import type { Limits } from "../functions/validate-account/limits.ts";
import type { FgaOptions } from "../shared/fga/client.ts";
import type { IdentityConfig } from "../shared/identity/config.ts";
import type { SecuritySettings, Settings } from "../shared/settings.ts";
import type { RecordBounds } from "./bus/archive.ts";

/** Everything that `pm run` can be told; durations in milliseconds. */
export interface RunConfig {
  readonly kubeconfig: { readonly file?: string; readonly context?: string };
  readonly requestTimeout: number;
  readonly bus: BusConfig;
  /** How much is kept of what the functions did; nothing is recorded without. */
  readonly recording: RecordBounds | undefined;
  readonly source: SourceConfig;
  /** Admission webhooks, if they are served. */
  readonly webhooks: WebhooksConfig | undefined;
  /** OpenFGA, if there is one. */
  readonly fga: FgaServer | undefined;
  /** Authorization webhook, if it is served; it needs `fga`. */
  readonly authorization: AuthorizationConfig | undefined;
  readonly settings: Omit<Settings, "serverCa">;
  /** Functions that are switched off. */
  readonly disabledFunctions: ReadonlySet<string>;
  /** How accounts are secured where kcp holds their workspaces until they are. */
  readonly security: SecurityConfig;
  /** Accounts that one function works on at once. */
  readonly concurrency: number;
  /** Instances are told apart in logs and traces by these. */
  readonly attributes: Attributes;
  readonly log: { readonly level: string; readonly json: boolean };
  readonly metrics: { readonly address: Address | undefined; readonly secure: boolean; readonly http2: boolean };
  readonly health: { readonly address: Address | undefined };
  readonly tracing: TracingConfig | undefined;
  /** Each function in a process of its own, which is stopped without an event for so long; in this one without. */
  readonly isolation: { readonly idleMs: number } | undefined;
  readonly leaderElect: boolean;
  /** What is under way gets this long to end. */
  readonly shutdownTimeout: number;
}
export interface SecurityConfig {
  readonly settings: Omit<SecuritySettings, "marker" | "issuerCa">;
  readonly identity: IdentityConfig | undefined;
  /** PEM file of the CA of the issuers, for kcp. */
  readonly issuerCaFile?: string;
}
export type BusConfig =
  | {
      readonly kind: "memory";
      /** Path of the unix socket that other processes read the bus by. */
      readonly socket?: string;
      /** File that recordings are kept in over a restart. */
      readonly recordFile?: string;
    }
  | { readonly kind: "nats"; readonly url: string; readonly prefix: string };
export interface SourceConfig {
  readonly endpointSlice: string;
  /** Workspace of the slice; that of the kubeconfig unless given. */
  readonly workspace?: string;
  readonly resync: number;
}
export interface WebhooksConfig {
  readonly address: Address;
  /** Folder of tls.crt and tls.key. */
  readonly certDir: string;
  /** Its members may name another creator than themselves. */
  readonly creatorAdminGroup: string | undefined;
  readonly limits: Limits;
}
/** OpenFGA as the flags name it. */
export type FgaServer = Pick<FgaOptions, "url" | "tokenFile" | "caFile">;
export interface AuthorizationConfig {
  readonly address: Address;
  /** Folder of tls.crt and tls.key. */
  readonly certDir: string;
}
/** A listening address; port 0 takes a free one. */
export interface Address {
  readonly host?: string;
  readonly port: number;
}
export interface Attributes {
  readonly environment: string;
  readonly region: string;
  readonly isLocal: boolean;
  readonly imageName: string;
  readonly imageTag: string;
}
export interface TracingConfig {
  readonly serviceName: string;
  readonly serviceVersion: string;
  /** host:port of an OTLP collector that speaks gRPC. */
  readonly collectorEndpoint: string;
}
