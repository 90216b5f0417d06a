import type { Options } from "../command.ts";

/** For commands that wait for an account. */
export const waitFlags = {
  "wait-timeout": { type: "duration", default: "5m", description: "how long to wait at most" },
} as const satisfies Options;
