import type { RunConfig } from "../../eventing/run-config.ts";
import { parseCommandLine } from "../parse.ts";
import runCommand from "../run/command.ts";
import { runConfig } from "../run/config.ts";

export interface DevFiles {
  readonly operatorKubeconfig: string;
  readonly busSocket: string;
}

/** `pm run` with its defaults, on a bus of its own and without servers that others may have the ports of. */
export function devConfig({ operatorKubeconfig, busSocket }: DevFiles): RunConfig {
  const argv = [
    `--kubeconfig=${operatorKubeconfig}`,
    "--bus=memory",
    `--bus-socket=${busSocket}`,
    "--metrics-bind-address=0",
    "--health-probe-bind-address=0",
    "--shutdown-timeout=3s",
    "--is-local",
  ];
  const { options } = parseCommandLine(runCommand, argv, {});
  // What was parsed for a command has the types of its flags.
  return runConfig(options as Parameters<typeof runConfig>[0]);
}
