import { functions } from "../../functions/index.ts";
import { activeFunctions } from "../active-functions.ts";
import { systemClock } from "../clock.ts";
import { type dispatchFunctions, dispatchThrough, type Work } from "../dispatch-functions.ts";
import { decodeInvocation } from "../recording/invocation.ts";
import { launcher, type Program } from "./launch.ts";
import { takeMeasurement } from "./measurements.ts";
import type { ChildMessage } from "./messages.ts";
import { recordProcesses } from "./process-metrics.ts";
import { Processes } from "./processes.ts";

export interface IsolationOptions {
  /** What serves one function. */
  readonly program: Program;
  /** Without an event for so long a function's process is stopped, in milliseconds. */
  readonly idleMs: number;
}

/** Within the time limit of an invocation, with the longest pause before a start. */
const startLimitMs = 20_000;
const graceMs = 10_000;

/** Dispatches to processes, one for each function, which come with the first event and go when there is nothing to do.
 *  Order, retries, recordings and metrics stay here. */
export const dispatchIsolated =
  ({ program, idleMs }: IsolationOptions): typeof dispatchFunctions =>
  (work, store) => {
    const { config, log, metrics, security } = work;
    const active = activeFunctions(functions, { ...config, security });
    const processes = new Processes(active, {
      launch: launcher({
        program,
        clock: systemClock,
        limitMs: startLimitMs,
        onMessage: (message) => take(message, work),
      }),
      ...{ clock: systemClock, log, metrics: recordProcesses(metrics), idleMs },
    });
    showStates(
      work,
      active.map(({ name }) => name),
      processes,
    );
    const dispatcher = dispatchThrough(processes.execute, active, { work, store, placeOf: processes.placeOf });
    return {
      start: () => dispatcher.start(),
      async drain(ms) {
        await dispatcher.drain(ms);
        await processes.stop(Math.min(ms, graceMs));
      },
    };
  };

function take(message: ChildMessage, { log, metrics, records }: Work): void {
  try {
    if (message.is === "recorded") records?.append(decodeInvocation(new TextEncoder().encode(message.invocation)));
    if (message.is === "measured") takeMeasurement(metrics.registry, message);
  } catch (error) {
    log.warn({ err: error, message: message.is }, "what a function's process told cannot be used");
  }
}

const states = ["stopped", "starting", "running"] as const;

/** Tells the metrics in which state each process is, when they are asked. */
function showStates({ metrics }: Work, names: readonly string[], processes: Processes): void {
  const gauge = metrics.functions.processes;
  const collect = () => {
    for (const name of names) {
      const { state: present } = processes.placeOf(name);
      for (const state of states) gauge.set({ function: name, state }, state === present ? 1 : 0);
    }
  };
  Object.assign(gauge, { collect });
}
