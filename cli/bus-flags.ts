import type { Options } from "./command.ts";

/** Where the events are, for everything that reads or writes them. */
export const busFlags = {
  "nats-url": { type: "string", env: "NATS_URL", description: "NATS servers with JetStream, by comma" },
  "nats-prefix": {
    type: "string",
    default: "account-functions",
    description: "first part of all subjects and streams",
  },
  "bus-socket": {
    type: "string",
    env: "PM_BUS_SOCKET",
    description: "unix socket of a pm run with --bus=memory",
  },
} as const satisfies Options;

/** The same for commands that only read, and can as well read what pm export has written. */
export const readFlags = {
  ...busFlags,
  file: { type: "string", description: "a file of pm export, read in place of a bus" },
} as const satisfies Options;
