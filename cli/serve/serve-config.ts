import { z } from "zod";
import type { ServeConfig } from "../../eventing/serve/serve-config.ts";
import type { GlobalOptions, Values } from "../command.ts";
import { checked, httpUrl } from "../run/checked.ts";
import { natsPrefix } from "../run/config.ts";
import { exportOf, exportShape, kcpOf } from "../run/export-flags.ts";
import { processOf, processShape } from "../run/process-flags.ts";
import { recordingOf, recordShape } from "../run/record-flags.ts";
import { collectorNeeded, tracingOf, tracingShape } from "../run/tracing-flags.ts";
import { workOf, workShape } from "../run/work-flags.ts";
import type { serveFlags } from "./serve-flags.ts";

const port = z.number().max(65_535);
const shape = z
  .object({
    port,
    "metrics-port": port.optional(),
    sink: httpUrl.optional(),
    "scheduler-url": httpUrl.optional(),
    ...workShape,
    ...exportShape,
    ...processShape,
    ...recordShape,
    ...tracingShape,
    "nats-prefix": natsPrefix,
    "nats-url": z.string().min(1).optional(),
  })
  .refine(...collectorNeeded);

/** What the flags mean together; `where` is the command. Throws UsageError that names the flag. */
export function serveConfig(flags: Values<typeof serveFlags> & Values<GlobalOptions>, where: string): ServeConfig {
  const valid = checked(shape, flags, where);
  const url = valid["nats-url"];
  const { metrics, ...process } = processOf(flags, valid);
  return {
    ...kcpOf(flags),
    ...workOf(flags, where),
    ...process,
    metrics: { ...metrics, address: metricsAddress(metrics.address, valid["metrics-port"]) },
    source: exportOf(valid),
    address: { port: valid.port },
    sink: valid.sink,
    scheduler: valid["scheduler-url"],
    nats: url === undefined ? undefined : { kind: "nats", url, prefix: valid["nats-prefix"] },
    recording: recordingOf(flags, valid, "nats"),
    tracing: tracingOf(flags),
    shutdownTimeout: flags["shutdown-timeout"],
  };
}

function metricsAddress(address: ServeConfig["metrics"]["address"], other: number | undefined) {
  return address && other !== undefined ? { ...address, port: other } : address;
}
