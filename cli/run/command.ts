import { run } from "../../eventing/run.ts";
import { defineCommand } from "../command.ts";
import { exit } from "../errors.ts";
import { logOf } from "../process-log.ts";
import { productVersion } from "../version.ts";
import { runConfig } from "./config.ts";
import { runFlags } from "./flags.ts";

export default defineCommand({
  name: "run",
  summary: "Follow kcp and run the functions, until stopped",
  description: `Runs the source and all functions in one process, as the operator that pm bootstrap made.
SIGTERM or Ctrl-C lets what is under way finish, up to --shutdown-timeout; a second one ends at once.`,
  options: runFlags,
  examples: [
    { run: "pm run --kubeconfig pm-operator.kubeconfig", does: "everything in one process" },
    {
      run: "pm run --nats-url nats://127.0.0.1:4222 --leader-elect",
      does: "on NATS JetStream, with replicas that stand by",
    },
    { run: "pm run --no-json --log-level debug", does: "logs for people" },
  ],
  async run({ options }, io) {
    const config = runConfig(options);
    await run(config, { log: logOf(config, io), version: await productVersion(), env: io.env, signal: io.signal });
    return exit.ok;
  },
});
