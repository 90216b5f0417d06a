import { openSecurity as open } from "../../eventing/security.ts";
import { openSettingsOnly } from "../../eventing/security-settings.ts";
import type { ServeConfig } from "../../eventing/serve/serve-config.ts";
import { functions } from "../../functions/index.ts";
import type { AccountFunction } from "../../shared/function.ts";
import { defineCommand } from "../command.ts";
import { UsageError } from "../errors.ts";
import { findFunction } from "../invoke/find-function.ts";
import { productVersion } from "../version.ts";
import { serveConfig } from "./serve-config.ts";
import { serveFlags } from "./serve-flags.ts";
import { serving } from "./serving.ts";

export default defineCommand({
  name: "serve",
  summary: "Answer events over HTTP with functions, as Knative calls them",
  description: `Serves functions without source and bus: POST a CloudEvent, in binary or structured mode, to / for every function that
takes it, or to /FUNCTION for that one. The answer brings the fact that follows, if there is one; of several the others are
posted to K_SINK first. The headers account-functions-outcome and account-functions-reason say what became of the event.
GET /health/readiness and /health/liveness are for probes. SIGTERM lets what is under way finish.`,
  options: {
    function: { type: "string[]", description: "serve only these functions (default all)" },
    ...serveFlags,
  },
  examples: [
    { run: "pm serve --kubeconfig pm-operator.kubeconfig", does: "all functions on port 8080" },
    { run: "PORT=8081 K_SINK=http://localhost:8082 pm serve --function workspace-ready", does: "one, beside others" },
    {
      run: "pm invoke --event examples/events/account-added.json --url http://localhost:8080",
      does: "give it an event",
    },
  ],
  async run({ options }, io) {
    const config = serveConfig(options, "pm serve");
    const served = chosen(options.function, config);
    const openSecurity = served.some(({ needs }) => needs) ? open : openSettingsOnly;
    return serving({ functions: served, openSecurity, version: await productVersion() }, config, io);
  },
});

function chosen(names: readonly string[], { disabledFunctions }: ServeConfig): readonly AccountFunction[] {
  if (names.length === 0) return functions.filter(({ name }) => !disabledFunctions.has(name));
  const off = names.find((name) => disabledFunctions.has(name));
  if (off !== undefined) {
    const next = "leave that flag out, or name another function";
    throw new UsageError(`${off} is switched off by --no-controllers-account-info-enabled`, {
      where: "pm serve",
      next,
    });
  }
  return [...new Set(names.map(findFunction))];
}
