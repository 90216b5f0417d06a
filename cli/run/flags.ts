import { busFlags } from "../bus-flags.ts";
import type { Options } from "../command.ts";
import { authorizationFlags } from "./authorization-flags.ts";
import { exportFlags } from "./export-flags.ts";
import { healthFlags, processFlags } from "./process-flags.ts";
import { recordFlags } from "./record-flags.ts";
import { tracingFlags } from "./tracing-flags.ts";
import { webhookFlags } from "./webhook-flags.ts";
import { workFlags } from "./work-flags.ts";

/** Flags of `pm run` with the names and defaults of the reference operator (features.md 002-C01 to C32), then ours.
 *  `--kubeconfig` (C17) and its environment variable (C33) belong to every command. */
export const runFlags = {
  "webhooks-enabled": { type: "boolean", description: "serve the admission webhooks" },
  ...webhookFlags,
  ...authorizationFlags,
  ...workFlags,
  ...exportFlags,
  ...processFlags,
  ...tracingFlags,
  "shutdown-timeout": { type: "duration", default: "1m", description: "time that work under way gets to end" },
  ...healthFlags,
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
  ...recordFlags,
  "record-file": { type: "string", description: "file that --bus=memory keeps recordings in over a restart" },
  resync: { type: "duration", default: "1h", description: "look at every account again this often, with jitter" },
} as const satisfies Options;
