import { z } from "zod";
import type { AdmitConfig } from "../../eventing/admission/admit.ts";
import { defaultSettings } from "../../shared/settings.ts";
import type { GlobalOptions, Options, Values } from "../command.ts";
import { UsageError } from "../errors.ts";
import { authorizationFlags, authorizationOf } from "../run/authorization-flags.ts";
import { checked } from "../run/checked.ts";
import { exportFlags, exportOf, exportShape, kcpOf } from "../run/export-flags.ts";
import { fgaFlags, fgaOf } from "../run/fga-flags.ts";
import { healthFlags, healthShape, processFlags, processOf, processShape } from "../run/process-flags.ts";
import { ruleFlags, rulesOf } from "../run/setting-flags.ts";
import { webhookFlags, webhookShape, webhooksOf } from "../run/webhook-flags.ts";

/** Flags of `pm admission`: those of pm run that are about webhooks. */
export const admissionFlags = {
  "webhooks-enabled": { type: "boolean", default: true, description: "serve the admission webhooks" },
  ...webhookFlags,
  ...authorizationFlags,
  ...fgaFlags,
  ...ruleFlags,
  ...exportFlags,
  ...processFlags,
  ...healthFlags,
  "shutdown-timeout": {
    type: "duration",
    default: "10s",
    description: "time from SIGTERM to the end: part of it for those who still come",
  },
} as const satisfies Options;

const shape = z.object({ ...webhookShape, ...exportShape, ...processShape, ...healthShape });

/** What the flags mean together; `where` is the command. Throws UsageError that names the flag. */
export function admitConfig(flags: Values<typeof admissionFlags> & Values<GlobalOptions>, where: string): AdmitConfig {
  const valid = checked(shape, flags, where);
  if (!flags["webhooks-enabled"] && !flags["authorization-webhook-enabled"]) {
    const what = "--no-webhooks-enabled: nothing is left to be served without --authorization-webhook-enabled";
    throw new UsageError(what, { where, next: `${where} --help` });
  }
  return {
    ...kcpOf(flags),
    ...processOf(flags, valid),
    settings: { ...defaultSettings, ...rulesOf(flags) },
    source: exportOf(valid),
    webhooks: flags["webhooks-enabled"] ? webhooksOf(flags) : undefined,
    authorization: authorizationOf(flags, where),
    fga: fgaOf(flags, where),
    health: { address: valid["health-probe-bind-address"] },
    shutdownTimeout: flags["shutdown-timeout"],
  };
}
