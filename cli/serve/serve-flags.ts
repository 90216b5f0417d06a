import { busFlags } from "../bus-flags.ts";
import type { Options } from "../command.ts";
import { exportFlags } from "../run/export-flags.ts";
import { processFlags } from "../run/process-flags.ts";
import { recordFlags } from "../run/record-flags.ts";
import { tracingFlags } from "../run/tracing-flags.ts";
import { workFlags } from "../run/work-flags.ts";

const { "bus-socket": _ofARunner, "nats-url": natsUrl, "nats-prefix": natsPrefix } = busFlags;

/** Flags of whatever serves functions over HTTP; the variables are those that Knative and `func` set. */
export const serveFlags = {
  port: { type: "number", default: 8080, env: ["PORT", "FUNC_PORT"], description: "port that functions are served on" },
  sink: { type: "string", env: "K_SINK", description: "URL for the events that are not the answer: a Broker's" },
  "scheduler-url": {
    type: "string",
    env: "SCHEDULER_URL",
    description: "URL of the source's scheduler, which keeps events until their time",
  },
  ...workFlags,
  ...exportFlags,
  ...processFlags,
  "metrics-port": {
    type: "number",
    env: "METRICS_PORT",
    description: "port of /metrics, in place of the one of --metrics-bind-address",
  },
  ...tracingFlags,
  "shutdown-timeout": {
    type: "duration",
    default: "10s",
    description: "time from SIGTERM to the end: most of it for events under way, which are answered",
  },
  "nats-url": { ...natsUrl, description: "NATS servers with JetStream, by comma: invocations are recorded there" },
  "nats-prefix": natsPrefix,
  ...recordFlags,
} as const satisfies Options;
