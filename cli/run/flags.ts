import { busFlags } from "../bus-flags.ts";
import type { Options } from "../command.ts";
import { authorizationFlags } from "./authorization-flags.ts";
import { fgaFlags } from "./fga-flags.ts";
import { securityFlags } from "./security-flags.ts";
import { creatorFlags, settingFlags } from "./setting-flags.ts";

/** Flags of `pm run` with the names and defaults of the reference operator (features.md 002-C01 to C32), then ours.
 *  `--kubeconfig` (C17) and its environment variable (C33) belong to every command. */
export const runFlags = {
  "webhooks-enabled": { type: "boolean", description: "serve the admission webhooks" },
  "webhooks-cert-dir": { type: "string", default: "certs", description: "folder of tls.crt and tls.key" },
  "webhooks-port": { type: "number", default: 9443, description: "port of the admission webhooks" },
  ...creatorFlags,
  "max-account-depth": {
    type: "number",
    default: 0,
    description: "levels of accounts, an org is the first; 0 for any",
  },
  "max-child-accounts": { type: "number", default: 0, description: "accounts directly in one account; 0 for any" },
  ...authorizationFlags,
  ...fgaFlags,
  ...settingFlags,
  ...securityFlags,
  "controllers-account-info-enabled": {
    type: "boolean",
    default: true,
    description: "hold an AccountInfo's deletion while Accounts exist in its workspace",
  },
  "kcp-api-export-endpoint-slice-name": {
    type: "string",
    default: "core.platform-mesh.io",
    description: "APIExportEndpointSlice that names the virtual workspaces",
  },
  "kcp-provider-workspace": {
    type: "string",
    default: "root",
    description: "workspace of that slice; with root it is the kubeconfig's own",
  },
  "max-concurrent-reconciles": {
    type: "number",
    default: 10,
    description: "accounts that one function works on at once",
  },
  environment: { type: "string", default: "", description: "environment, in logs and traces" },
  region: { type: "string", default: "local", description: "region, in logs and traces" },
  "is-local": { type: "boolean", description: "a run on a developer's machine, in logs and traces" },
  "image-name": { type: "string", default: "", description: "image name, in logs and metrics" },
  "image-tag": { type: "string", default: "", description: "image tag, in logs and metrics" },
  "log-level": {
    type: "string",
    default: "info",
    choices: ["trace", "debug", "info", "warn", "error"],
    description: "least level that is logged",
  },
  "no-json": { type: "boolean", description: "log for people instead of JSON" },
  "shutdown-timeout": { type: "duration", default: "1m", description: "time that work under way gets to end" },
  "metrics-bind-address": { type: "string", default: ":9090", description: "address of /metrics; 0 switches it off" },
  "metrics-secure": { type: "boolean", description: "serve /metrics over HTTPS" },
  "tracing-enabled": { type: "boolean", description: "send traces by OTLP over gRPC" },
  "tracing-config-service-name": { type: "string", default: "", description: "service.name of the traces" },
  "tracing-config-service-version": { type: "string", default: "", description: "service.version of the traces" },
  "tracing-config-collector-endpoint": { type: "string", default: "", description: "host:port of the OTLP collector" },
  "enable-http2": { type: "boolean", default: true, description: "HTTP/2 on HTTPS servers" },
  "health-probe-bind-address": {
    type: "string",
    default: ":8090",
    description: "address of /healthz and /readyz; 0 switches them off",
  },
  isolation: {
    type: "string",
    default: "none",
    choices: ["none", "process"],
    description: "where functions run: in this process, or each in one of its own that is there only while it has work",
  },
  "idle-timeout": {
    type: "duration",
    default: "30s",
    description: "with --isolation=process: a function's process without events for so long is stopped",
  },
  "leader-elect": { type: "boolean", description: "work only while holding the Lease, so that replicas stand by" },
  bus: { type: "string", choices: ["memory", "nats"], description: "memory, or nats, the default with --nats-url" },
  ...busFlags,
  record: {
    type: "boolean",
    default: true,
    description: "keep what each function read, wrote and answered, for pm trace and pm replay; --no-record does not",
  },
  "record-max-age": { type: "duration", default: "24h", description: "recordings that are older go" },
  "record-max-bytes": {
    type: "string",
    default: "",
    description: "the oldest recordings go beyond this size (default 256Mi on NATS, 64Mi in memory)",
  },
  "record-file": { type: "string", description: "file that --bus=memory keeps recordings in over a restart" },
  resync: { type: "duration", default: "1h", description: "look at every account again this often, with jitter" },
} as const satisfies Options;
