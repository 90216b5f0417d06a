import { z } from "zod";
import type { BusConfig, RunConfig } from "../../eventing/run-config.ts";
import { parseBytes } from "../../shared/bytes.ts";
import { address } from "../address.ts";
import type { GlobalOptions, Values } from "../command.ts";
import { UsageError } from "../errors.ts";
import { authorizationOf } from "./authorization-flags.ts";
import { fgaOf } from "./fga-flags.ts";
import type { runFlags } from "./flags.ts";
import { securityOf } from "./security-flags.ts";
import { settingsOf } from "./setting-flags.ts";

type Flags = Values<typeof runFlags> & Values<GlobalOptions>;

/** What the flags mean together; throws UsageError that names the flag. */
export function runConfig(flags: Flags): RunConfig {
  const parsed = shape.safeParse(flags);
  if (parsed.success) return toConfig(flags, parsed.data);
  const problems = parsed.error.issues.map(({ path, message }) => `--${path.join(".")}: ${message}`);
  throw new UsageError(problems.join("; "), { where: "pm run", next: "pm run --help" });
}

const mebibyte = 1024 * 1024;
const bytes = z.string().transform((text, context): number | undefined => {
  if (text === "") return undefined;
  const parsed = parseBytes(text);
  if (parsed !== undefined && parsed >= mebibyte) return parsed;
  context.addIssue({ code: "custom", message: `"${text}" is not an amount of 1Mi or more, as 256Mi` });
  return z.NEVER;
});

const shape = z
  .object({
    "webhooks-port": z.number().min(1).max(65_535),
    "max-account-depth": z.number().min(0, "at least 0"),
    "max-child-accounts": z.number().min(0, "at least 0"),
    "max-concurrent-reconciles": z.number().min(1, "at least 1"),
    "metrics-bind-address": address,
    "health-probe-bind-address": address,
    "kcp-api-export-endpoint-slice-name": z.string().min(1, "a name is needed"),
    "kcp-provider-workspace": z
      .string()
      .regex(/^[a-z0-9][a-z0-9:-]*$/, "not a workspace path, as root:platform-mesh-system"),
    "nats-prefix": z.string().regex(/^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/, "not a NATS subject"),
    resync: z.number().min(1000, "at least 1s"),
    bus: z.enum(["memory", "nats"]).optional(),
    "nats-url": z.string().min(1).optional(),
    "bus-socket": z.string().min(1).optional(),
    "record-file": z.string().min(1).optional(),
    "record-max-age": z.number().min(1000, "at least 1s"),
    "record-max-bytes": bytes,
    "tracing-enabled": z.boolean(),
    "tracing-config-collector-endpoint": z.string(),
  })
  .refine((flags) => flags.bus !== "nats" || flags["nats-url"], {
    path: ["nats-url"],
    message: "is needed with --bus=nats, as nats://127.0.0.1:4222",
  })
  .refine((flags) => !flags["bus-socket"] || !isNats(flags), {
    path: ["bus-socket"],
    message: "is for --bus=memory; what NATS keeps is read with --nats-url",
  })
  .refine((flags) => !flags["record-file"] || !isNats(flags), {
    path: ["record-file"],
    message: "is for --bus=memory; NATS keeps recordings in a stream",
  })
  .refine((flags) => !flags["tracing-enabled"] || flags["tracing-config-collector-endpoint"], {
    path: ["tracing-config-collector-endpoint"],
    message: "is needed with --tracing-enabled, as collector:4317",
  });
type Checked = z.output<typeof shape>;

const isNats = (flags: { readonly bus?: string | undefined; readonly "nats-url"?: string | undefined }): boolean =>
  flags.bus !== "memory" && flags["nats-url"] !== undefined;

function busOf(checked: Checked): BusConfig {
  const { "nats-url": url, "nats-prefix": prefix, "bus-socket": socket, "record-file": recordFile } = checked;
  if (url !== undefined && isNats(checked)) return { kind: "nats", url, prefix };
  return { kind: "memory", ...(socket && { socket }), ...(recordFile && { recordFile }) };
}

function toConfig(flags: Flags, checked: Checked): RunConfig {
  const { kubeconfig: file, context } = flags;
  const workspace = checked["kcp-provider-workspace"];
  const bus = busOf(checked);
  const defaultMaxBytes = (bus.kind === "nats" ? 256 : 64) * mebibyte;
  return {
    kubeconfig: { ...(file && { file }), ...(context && { context }) },
    requestTimeout: flags.timeout,
    bus,
    recording: flags.record
      ? { maxAgeMs: checked["record-max-age"], maxBytes: checked["record-max-bytes"] ?? defaultMaxBytes }
      : undefined,
    source: {
      endpointSlice: checked["kcp-api-export-endpoint-slice-name"],
      // The reference's default never took effect: the kubeconfig's own workspace was used.
      ...(workspace !== "root" && { workspace }),
      resync: checked.resync,
    },
    webhooks: flags["webhooks-enabled"] ? webhooks(flags) : undefined,
    fga: fgaOf(flags, "pm run"),
    security: securityOf(flags),
    authorization: authorizationOf(flags),
    settings: settingsOf(flags),
    disabledFunctions: new Set(flags["controllers-account-info-enabled"] ? [] : ["release-accountinfo"]),
    concurrency: checked["max-concurrent-reconciles"],
    attributes: {
      environment: flags.environment,
      region: flags.region,
      isLocal: flags["is-local"],
      // The reference's chart passes quotes as part of the name.
      imageName: flags["image-name"].replaceAll('"', ""),
      imageTag: flags["image-tag"],
    },
    log: { level: flags["log-level"], json: !flags["no-json"] },
    metrics: {
      address: checked["metrics-bind-address"],
      secure: flags["metrics-secure"],
      http2: flags["enable-http2"],
    },
    health: { address: checked["health-probe-bind-address"] },
    tracing: tracing(flags),
    leaderElect: flags["leader-elect"],
    shutdownTimeout: flags["shutdown-timeout"],
  };
}

function webhooks(flags: Flags): RunConfig["webhooks"] {
  const limit = (number: number) => number || undefined;
  return {
    address: { port: flags["webhooks-port"] },
    certDir: flags["webhooks-cert-dir"],
    creatorAdminGroup: flags["creator-admin-group"] || undefined,
    limits: { depth: limit(flags["max-account-depth"]), children: limit(flags["max-child-accounts"]) },
  };
}

function tracing(flags: Flags): RunConfig["tracing"] {
  if (!flags["tracing-enabled"]) return undefined;
  return {
    serviceName: flags["tracing-config-service-name"] || "account-functions",
    serviceVersion: flags["tracing-config-service-version"] || flags["image-tag"],
    collectorEndpoint: flags["tracing-config-collector-endpoint"],
  };
}
