import { z } from "zod";
import type { RunConfig } from "../../eventing/run-config.ts";
import type { Options, Values } from "../command.ts";
import { fgaFlags, fgaOf } from "./fga-flags.ts";
import { securityFlags, securityOf } from "./security-flags.ts";
import { settingFlags, settingsOf } from "./setting-flags.ts";

/** What the functions are told, wherever they work. */
export const workFlags = {
  ...fgaFlags,
  ...settingFlags,
  ...securityFlags,
  "controllers-account-info-enabled": {
    type: "boolean",
    default: true,
    description: "hold an AccountInfo's deletion while Accounts exist in its workspace",
  },
  "max-concurrent-reconciles": {
    type: "number",
    default: 10,
    description: "accounts that one function works on at once",
  },
} as const satisfies Options;

export const workShape = { "max-concurrent-reconciles": z.number().min(1, "at least 1") };

type WorkConfig = Pick<RunConfig, "fga" | "security" | "settings" | "disabledFunctions" | "concurrency">;

/** `where` is the command. Throws UsageError. */
export function workOf(flags: Values<typeof workFlags>, where: string): WorkConfig {
  return {
    fga: fgaOf(flags, where),
    security: securityOf(flags, where),
    settings: settingsOf(flags),
    disabledFunctions: new Set(flags["controllers-account-info-enabled"] ? [] : ["release-accountinfo"]),
    concurrency: flags["max-concurrent-reconciles"],
  };
}
