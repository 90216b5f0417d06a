import { admit } from "../../eventing/admission/admit.ts";
import { bundleMain } from "../bundle-main.ts";
import { defineCommand } from "../command.ts";
import { exit } from "../errors.ts";
import { logOf } from "../process-log.ts";
import { admissionFlags, admitConfig } from "./admission-flags.ts";

/** One webhook with everything that serves it, as a program by itself. */
export function bundledWebhook(name: string, version: string): { main(): Promise<void> } {
  const isAdmission = name === "validate-account";
  const command = defineCommand({
    name: "admission",
    summary: `Answer kcp over HTTPS with the function ${name}`,
    description: `The same as pm admission with this function alone, in one file.
Where only variables can be set, PM_FLAGS holds flags, as "--webhooks-deny-list=admin --log-level=debug".`,
    options: {
      ...admissionFlags,
      "webhooks-enabled": { ...admissionFlags["webhooks-enabled"], default: isAdmission },
      "authorization-webhook-enabled": { ...admissionFlags["authorization-webhook-enabled"], default: !isAdmission },
    },
    examples: [{ run: "KUBECONFIG=pm-operator.kubeconfig node dist/index.js", does: "with the certificate in certs/" }],
    async run({ options }, io) {
      const config = admitConfig(options, name);
      await admit(config, { log: logOf(config, io), version, env: io.env, signal: io.signal });
      return exit.ok;
    },
  });
  return { main: () => bundleMain(command) };
}
