import type { Options } from "./command.ts";

/** Where the events are, for commands that read or write them. */
export const natsFlags = {
  "nats-url": { type: "string", env: "NATS_URL", description: "NATS servers with JetStream, by comma" },
  "nats-prefix": {
    type: "string",
    default: "account-functions",
    description: "first part of all subjects and streams",
  },
} as const satisfies Options;
