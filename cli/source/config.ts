import { readFileSync } from "node:fs";
import { z } from "zod";
import type { SchedulerConfig, SinkConfig, SourceRunConfig, StateConfig } from "../../eventing/source-config.ts";
import { messageOf } from "../../shared/kcp/errors.ts";
import { address } from "../address.ts";
import type { GlobalOptions, Values } from "../command.ts";
import { UsageError } from "../errors.ts";
import type { sourceFlags } from "./flags.ts";

type Flags = Values<typeof sourceFlags> & Values<GlobalOptions>;

/** What the flags mean together; throws UsageError that names the flag. */
export function sourceConfig(flags: Flags): SourceRunConfig {
  const parsed = shape.safeParse(flags);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => `--${path.join(".")}: ${message}`);
    throw usage(problems.join("; "));
  }
  return toConfig(flags, parsed.data);
}

const usage = (what: string): UsageError => new UsageError(what, { where: "pm source", next: "pm source --help" });

const url = z.url({ protocol: /^https?$/, error: ({ input }) => `"${input}" is no http or https URL` });
const urlTemplate = z
  .string()
  .refine((text) => text.includes("{function}"), "{function} must stand for the name of the function")
  .refine((text) => URL.canParse(text.replaceAll("{function}", "name")), "not a URL");
const shape = z
  .object({
    bus: z.enum(["knative", "nats"]),
    sink: url.optional(),
    "sink-mode": z.enum(["binary", "structured"]),
    "sink-parallel": z.number().min(1, "at least 1"),
    "nats-url": z.string().min(1).optional(),
    "nats-prefix": z.string().regex(/^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/, "not a NATS subject"),
    "state-dir": z.string().min(1).optional(),
    "scheduler-bind-address": address,
    "function-url-template": urlTemplate.optional(),
    "dead-letter-sink": url.optional(),
    "max-timers": z.number().min(1, "at least 1"),
    "metrics-bind-address": address,
    "health-probe-bind-address": address,
    "kcp-api-export-endpoint-slice-name": z.string().min(1, "a name is needed"),
    "kcp-provider-workspace": z
      .string()
      .regex(/^[a-z0-9][a-z0-9:-]*$/, "not a workspace path, as root:platform-mesh-system"),
    resync: z.number().min(1000, "at least 1s"),
  })
  .refine(({ bus, sink }) => bus !== "knative" || sink, {
    path: ["sink"],
    message: "is needed with --bus=knative: the Broker's status.address.url, or a SinkBinding that sets K_SINK",
  })
  .refine((flags) => flags.bus !== "nats" || flags["nats-url"], {
    path: ["nats-url"],
    message: "is needed with --bus=nats, as nats://127.0.0.1:4222",
  })
  .refine((flags) => flags["nats-url"] || flags["state-dir"], {
    path: ["state-dir"],
    message: "is needed without --nats-url: what was published already must be known after a restart",
  });
type Checked = z.output<typeof shape>;

function toConfig(flags: Flags, checked: Checked): SourceRunConfig {
  const { kubeconfig: file, context } = flags;
  const workspace = checked["kcp-provider-workspace"];
  return {
    kubeconfig: { ...(file && { file }), ...(context && { context }) },
    requestTimeout: flags.timeout,
    sink: sinkOf(flags, checked),
    state: stateOf(checked),
    scheduler: schedulerOf(flags, checked),
    source: {
      endpointSlice: checked["kcp-api-export-endpoint-slice-name"],
      ...(workspace !== "root" && { workspace }),
      resync: checked.resync,
    },
    attributes: {
      environment: flags.environment,
      region: flags.region,
      isLocal: flags["is-local"],
      imageName: flags["image-name"],
      imageTag: flags["image-tag"],
    },
    log: { level: flags["log-level"], json: !flags["no-json"] },
    metrics: {
      address: checked["metrics-bind-address"],
      secure: flags["metrics-secure"],
      http2: flags["enable-http2"],
    },
    health: { address: checked["health-probe-bind-address"] },
    leaderElect: flags["leader-elect"],
    shutdownTimeout: flags["shutdown-timeout"],
  };
}

function sinkOf(flags: Flags, checked: Checked): SinkConfig {
  if (checked.bus === "nats") return { kind: "nats" };
  const { "sink-ca": ca, "sink-overrides": overrides } = flags;
  return {
    kind: "knative",
    url: checked.sink ?? "",
    mode: checked["sink-mode"],
    extensions: overrides ? extensionsIn(overrides) : {},
    ...(ca && { ca: pemOf(ca) }),
    parallel: checked["sink-parallel"],
  };
}

const overridesSchema = z.object({
  extensions: z
    .record(z.string().regex(/^[a-z0-9]+$/, "extensions are named by lower-case letters and digits"), z.string())
    .default({}),
});

function extensionsIn(text: string): Readonly<Record<string, string>> {
  try {
    return overridesSchema.parse(JSON.parse(text)).extensions;
  } catch (error) {
    throw usage(`--sink-overrides (K_CE_OVERRIDES): ${messageOf(error)}`);
  }
}

/** A SinkBinding writes the certificates themselves. */
function pemOf(text: string): string {
  if (text.includes("-----BEGIN CERTIFICATE-----")) return text;
  try {
    return readFileSync(text, "utf8");
  } catch (error) {
    throw usage(`--sink-ca: ${messageOf(error)}`);
  }
}

function stateOf(checked: Checked): StateConfig {
  const { "nats-url": natsUrl, "nats-prefix": prefix, "state-dir": folder } = checked;
  return natsUrl ? { kind: "nats", url: natsUrl, prefix } : { kind: "file", folder: folder ?? "" };
}

const maxTimerBytes = 64 * 1024 * 1024;

/** None without a URL of the functions: there would be nowhere to bring the events. */
function schedulerOf(flags: Flags, checked: Checked): SchedulerConfig | undefined {
  const { "scheduler-bind-address": bind, "function-url-template": template } = checked;
  if (!bind || template === undefined) return undefined;
  const deadLetterSink = checked["dead-letter-sink"];
  return {
    address: bind,
    urlTemplate: template,
    ...(deadLetterSink && { deadLetterSink }),
    bounds: { count: checked["max-timers"], bytes: maxTimerBytes },
    timeout: flags["function-timeout"],
  };
}
