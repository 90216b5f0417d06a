import type { Program } from "../../eventing/isolation/launch.ts";
import { run } from "../../eventing/run.ts";
import type { RunConfig } from "../../eventing/run-config.ts";
import { defineCommand } from "../command.ts";
import { exit } from "../errors.ts";
import { logOf } from "../process-log.ts";
import { productVersion } from "../version.ts";
import { runConfig } from "./config.ts";
import { runFlags } from "./flags.ts";
import { functionProgram } from "./function-program.ts";

export default defineCommand({
  name: "run",
  summary: "Follow kcp and run the functions, until stopped",
  description: `Runs the source and all functions in one process, as the operator that pm bootstrap made. With --isolation=process
each function has a process of its own, which starts with its first event and stops when idle: pm functions shows them.
SIGTERM or Ctrl-C lets what is under way finish, up to --shutdown-timeout; a second one ends at once.`,
  options: runFlags,
  examples: [
    { run: "pm run --kubeconfig pm-operator.kubeconfig", does: "everything in one process" },
    {
      run: "pm run --nats-url nats://127.0.0.1:4222 --leader-elect",
      does: "on NATS JetStream, with replicas that stand by",
    },
    {
      run: "pm run --isolation process --idle-timeout 10s",
      does: "functions that are there only while they have work",
    },
    { run: "pm run --no-json --log-level debug", does: "logs for people" },
  ],
  async run({ options }, io) {
    const config = runConfig(options);
    const { isolation } = config;
    const dispatch = isolation && (await isolated(functionProgram(options, io.env), isolation));
    const process = { log: logOf(config, io), version: await productVersion(), env: io.env, signal: io.signal };
    await run(config, { ...process, ...(dispatch && { dispatch }) });
    return exit.ok;
  },
});

/** Loaded only where functions have processes of their own. */
async function isolated(program: Program, { idleMs }: NonNullable<RunConfig["isolation"]>) {
  const { dispatchIsolated } = await import("../../eventing/isolation/dispatch-isolated.ts");
  return dispatchIsolated({ program, idleMs });
}
