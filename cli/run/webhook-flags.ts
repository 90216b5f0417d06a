import { z } from "zod";
import type { RunConfig } from "../../eventing/run-config.ts";
import type { Options, Values } from "../command.ts";
import { creatorFlags } from "./setting-flags.ts";

/** How the admission webhooks are served. */
export const webhookFlags = {
  "webhooks-cert-dir": { type: "string", default: "certs", description: "folder of tls.crt and tls.key" },
  "webhooks-port": { type: "number", default: 9443, description: "port of the admission webhooks" },
  ...creatorFlags,
  "max-account-depth": {
    type: "number",
    default: 0,
    description: "levels of accounts, an org is the first; 0 for any",
  },
  "max-child-accounts": { type: "number", default: 0, description: "accounts directly in one account; 0 for any" },
} as const satisfies Options;

export const webhookShape = {
  "webhooks-port": z.number().min(1).max(65_535),
  "max-account-depth": z.number().min(0, "at least 0"),
  "max-child-accounts": z.number().min(0, "at least 0"),
};

export function webhooksOf(flags: Values<typeof webhookFlags>): NonNullable<RunConfig["webhooks"]> {
  const limit = (number: number) => number || undefined;
  return {
    address: { port: flags["webhooks-port"] },
    certDir: flags["webhooks-cert-dir"],
    creatorAdminGroup: flags["creator-admin-group"] || undefined,
    limits: { depth: limit(flags["max-account-depth"]), children: limit(flags["max-child-accounts"]) },
  };
}
