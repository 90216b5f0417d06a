import type { Options } from "../command.ts";
import { exportFlags } from "../run/export-flags.ts";
import { runFlags } from "../run/flags.ts";
import { healthFlags, processFlags } from "../run/process-flags.ts";

const { "shutdown-timeout": shutdownTimeout, "leader-elect": leaderElect, "nats-url": natsUrl, resync } = runFlags;
const { "nats-prefix": natsPrefix } = runFlags;

/** Flags of `pm source`; those that `pm run` has too mean the same. */
export const sourceFlags = {
  bus: {
    type: "string",
    default: "knative",
    choices: ["knative", "nats"],
    description: "knative: post each event to --sink; nats: put it into the stream of --nats-prefix",
  },
  sink: {
    type: "string",
    env: "K_SINK",
    description: "URL that takes events with --bus=knative: the Broker's status.address.url",
  },
  "sink-mode": {
    type: "string",
    default: "binary",
    choices: ["binary", "structured"],
    description: "how events are posted to --sink",
  },
  "sink-ca": {
    type: "string",
    env: "K_CA_CERTS",
    description: "PEM certificates that an https --sink is trusted by, or a file with them",
  },
  "sink-overrides": {
    type: "string",
    env: "K_CE_OVERRIDES",
    description: `extensions for every event, as SinkBinding writes them: {"extensions":{"name":"value"}}`,
  },
  "sink-parallel": {
    type: "number",
    default: 32,
    description: "events on their way to --sink at once, for each kind; those of one account go one by one",
  },
  "nats-url": { ...natsUrl, description: "NATS servers with JetStream, by comma: for --bus=nats, and for the state" },
  "nats-prefix": {
    ...natsPrefix,
    description:
      "first part of all subjects; NAMESPACE.BROKER._knative_broker is the stream of that NatsJetStreamBroker",
  },
  "state-dir": {
    type: "string",
    env: "STATE_DIR",
    description:
      "folder for the checkpoint and the timers where there is no --nats-url; on a volume that outlives the pod",
  },
  "scheduler-bind-address": {
    type: "string",
    default: ":8082",
    description: "address where functions ask to get an event again later; 0 switches it off",
  },
  "function-url-template": {
    type: "string",
    env: "FUNCTION_URL_TEMPLATE",
    description: "where a function takes events, as http://{function}.account-functions.svc.cluster.local",
  },
  "function-timeout": {
    type: "duration",
    default: "1m",
    description: "time that a function has to handle such an event, its start included",
  },
  "dead-letter-sink": {
    type: "string",
    env: "DEAD_LETTER_SINK",
    description:
      "URL that takes such events when their function refuses them for good; they are counted and logged without",
  },
  "max-timers": { type: "number", default: 10_000, description: "events that may wait so; 503 beyond" },
  ...exportFlags,
  ...processFlags,
  ...healthFlags,
  "shutdown-timeout": shutdownTimeout,
  "leader-elect": leaderElect,
  resync,
} as const satisfies Options;
