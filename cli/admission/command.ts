import { admit } from "../../eventing/admission/admit.ts";
import { defineCommand } from "../command.ts";
import { exit } from "../errors.ts";
import { logOf } from "../process-log.ts";
import { productVersion } from "../version.ts";
import { admissionFlags, admitConfig } from "./admission-flags.ts";

export default defineCommand({
  name: "admission",
  summary: "Answer kcp's webhooks alone: admission of Accounts, and authorization",
  description: `Serves over HTTPS what kcp asks, and nothing else: no functions, no events. For an installation whose functions are
scaled to zero while this one stays. pm run serves the same with --webhooks-enabled.
SIGTERM: /readyz fails at once, and those who still come are answered for up to 3 s.`,
  options: admissionFlags,
  examples: [
    {
      run: "pm admission --kubeconfig pm-operator.kubeconfig",
      does: "validate-account, with certs/tls.crt and tls.key",
    },
    {
      run: "pm admission --authorization-webhook-enabled --fga-url https://openfga:8080",
      does: "and who may do what by OpenFGA",
    },
  ],
  async run({ options }, io) {
    const config = admitConfig(options, "pm admission");
    await admit(config, { log: logOf(config, io), version: await productVersion(), env: io.env, signal: io.signal });
    return exit.ok;
  },
});
