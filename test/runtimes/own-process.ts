import { parseCommandLine } from "../../cli/parse.ts";
import runCommand from "../../cli/run/command.ts";
import { functionProgram } from "../../cli/run/function-program.ts";
import { systemClock } from "../../eventing/clock.ts";
import { launcher } from "../../eventing/isolation/launch.ts";
import { Processes } from "../../eventing/isolation/processes.ts";
import { functions } from "../../functions/index.ts";
import { dispatchOnce, silent, travelled } from "./dispatch-once.ts";
import { noHttp, type Runtime } from "./runtime.ts";

/** pm run --isolation process: the dispatcher hands the event to a process that serves this function alone. */
export const ownProcess: Runtime = {
  name: "process of its own",
  isHttp: false,
  async start({ kubeconfig }) {
    const { options } = parseCommandLine(runCommand, [`--kubeconfig=${kubeconfig}`], process.env);
    // What was parsed for a command has the types of its flags.
    const program = functionProgram(options as Parameters<typeof functionProgram>[0], process.env);
    const processes = new Processes(functions, {
      launch: launcher({ program, clock: systemClock, limitMs: 60_000, onMessage: () => undefined }),
      ...{ clock: systemClock, log: silent, idleMs: 30_000 },
      metrics: { started: () => undefined, ended: () => undefined },
    });
    return {
      deliver: (name, event, mode) => dispatchOnce(name, travelled(event, mode), processes.execute),
      urlOf: noHttp,
      terminate: noHttp,
      stop: () => processes.stop(10_000),
    };
  },
};
