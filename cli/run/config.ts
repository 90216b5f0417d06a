import { z } from "zod";
import type { BusConfig, RunConfig } from "../../eventing/run-config.ts";
import type { GlobalOptions, Values } from "../command.ts";
import { authorizationOf } from "./authorization-flags.ts";
import { checked } from "./checked.ts";
import { exportOf, exportShape, kcpOf } from "./export-flags.ts";
import type { runFlags } from "./flags.ts";
import { healthShape, processOf, processShape } from "./process-flags.ts";
import { recordingOf, recordShape } from "./record-flags.ts";
import { collectorNeeded, tracingOf, tracingShape } from "./tracing-flags.ts";
import { webhookShape, webhooksOf } from "./webhook-flags.ts";
import { workOf, workShape } from "./work-flags.ts";

type Flags = Values<typeof runFlags> & Values<GlobalOptions>;

const where = "pm run";

/** What the flags mean together; throws UsageError that names the flag. */
export function runConfig(flags: Flags): RunConfig {
  const valid = checked(shape, flags, where);
  const bus = busOf(valid);
  return {
    ...kcpOf(flags),
    ...workOf(flags, where),
    ...processOf(flags, valid),
    bus,
    recording: recordingOf(flags, valid, bus.kind),
    source: { ...exportOf(valid), resync: valid.resync },
    webhooks: flags["webhooks-enabled"] ? webhooksOf(flags) : undefined,
    authorization: authorizationOf(flags, where),
    health: { address: valid["health-probe-bind-address"] },
    tracing: tracingOf(flags),
    isolation: flags.isolation === "process" ? { idleMs: valid["idle-timeout"] } : undefined,
    leaderElect: flags["leader-elect"],
    shutdownTimeout: flags["shutdown-timeout"],
  };
}

/** First part of all subjects. */
export const natsPrefix = z.string().regex(/^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/, "not a NATS subject");

const shape = z
  .object({
    ...webhookShape,
    ...workShape,
    ...exportShape,
    ...processShape,
    ...recordShape,
    ...tracingShape,
    ...healthShape,
    "nats-prefix": natsPrefix,
    "idle-timeout": z.number().min(100, "at least 100ms"),
    resync: z.number().min(1000, "at least 1s"),
    bus: z.enum(["memory", "nats"]).optional(),
    "nats-url": z.string().min(1).optional(),
    "bus-socket": z.string().min(1).optional(),
    "record-file": z.string().min(1).optional(),
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
  .refine(...collectorNeeded);
type Checked = z.output<typeof shape>;

const isNats = (flags: { readonly bus?: string | undefined; readonly "nats-url"?: string | undefined }): boolean =>
  flags.bus !== "memory" && flags["nats-url"] !== undefined;

function busOf(valid: Checked): BusConfig {
  const { "nats-url": url, "nats-prefix": prefix, "bus-socket": socket, "record-file": recordFile } = valid;
  if (url !== undefined && isNats(valid)) return { kind: "nats", url, prefix };
  return { kind: "memory", ...(socket && { socket }), ...(recordFile && { recordFile }) };
}
