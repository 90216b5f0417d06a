import { readFileSync } from "node:fs";
import { z } from "zod";
import type { SchedulerConfig, SinkConfig, SourceRunConfig, StateConfig } from "../../eventing/source-config.ts";
import { messageOf } from "../../shared/kcp/errors.ts";
import type { GlobalOptions, Values } from "../command.ts";
import { UsageError } from "../errors.ts";
import { address, checked, httpUrl } from "../run/checked.ts";
import { natsPrefix } from "../run/config.ts";
import { exportOf, exportShape, kcpOf } from "../run/export-flags.ts";
import { healthShape, processOf, processShape } from "../run/process-flags.ts";
import type { sourceFlags } from "./flags.ts";

type Flags = Values<typeof sourceFlags> & Values<GlobalOptions>;

/** What the flags mean together; throws UsageError that names the flag. */
export function sourceConfig(flags: Flags): SourceRunConfig {
  const valid = checked(shape, flags, where);
  return {
    ...kcpOf(flags),
    ...processOf(flags, valid),
    sink: sinkOf(flags, valid),
    state: stateOf(valid),
    scheduler: schedulerOf(flags, valid),
    source: { ...exportOf(valid), resync: valid.resync },
    health: { address: valid["health-probe-bind-address"] },
    leaderElect: flags["leader-elect"],
    shutdownTimeout: flags["shutdown-timeout"],
  };
}

const where = "pm source";
const usage = (what: string): UsageError => new UsageError(what, { where, next: `${where} --help` });

const urlTemplate = z
  .string()
  .refine((text) => text.includes("{function}"), "{function} must stand for the name of the function")
  .refine((text) => URL.canParse(text.replaceAll("{function}", "name")), "not a URL");
const shape = z
  .object({
    bus: z.enum(["knative", "nats"]),
    sink: httpUrl.optional(),
    "sink-mode": z.enum(["binary", "structured"]),
    "sink-parallel": z.number().min(1, "at least 1"),
    "nats-url": z.string().min(1).optional(),
    "nats-prefix": natsPrefix,
    "state-dir": z.string().min(1).optional(),
    "scheduler-bind-address": address,
    "function-url-template": urlTemplate.optional(),
    "dead-letter-sink": httpUrl.optional(),
    "max-timers": z.number().min(1, "at least 1"),
    ...exportShape,
    ...processShape,
    ...healthShape,
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

function sinkOf(flags: Flags, valid: Checked): SinkConfig {
  if (valid.bus === "nats") return { kind: "nats" };
  const { "sink-ca": ca, "sink-overrides": overrides } = flags;
  return {
    kind: "knative",
    url: valid.sink ?? "",
    mode: valid["sink-mode"],
    extensions: overrides ? extensionsIn(overrides) : {},
    ...(ca && { ca: pemOf(ca) }),
    parallel: valid["sink-parallel"],
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

function stateOf(valid: Checked): StateConfig {
  const { "nats-url": natsUrl, "nats-prefix": prefix, "state-dir": folder } = valid;
  return natsUrl ? { kind: "nats", url: natsUrl, prefix } : { kind: "file", folder: folder ?? "" };
}

const maxTimerBytes = 64 * 1024 * 1024;

/** None without a URL of the functions: there would be nowhere to bring the events. */
function schedulerOf(flags: Flags, valid: Checked): SchedulerConfig | undefined {
  const { "scheduler-bind-address": bind, "function-url-template": template } = valid;
  if (!bind || template === undefined) return undefined;
  const deadLetterSink = valid["dead-letter-sink"];
  return {
    address: bind,
    urlTemplate: template,
    ...(deadLetterSink && { deadLetterSink }),
    bounds: { count: valid["max-timers"], bytes: maxTimerBytes },
    timeout: flags["function-timeout"],
  };
}
