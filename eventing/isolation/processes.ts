import type { AccountFunction, Log } from "../../shared/function.ts";
import type { Execute } from "../execute.ts";
import type { PlaceOf } from "../overview/function-table.ts";
import { executeAt } from "./execute-remotely.ts";
import { FunctionProcess, type ProcessOptions } from "./function-process.ts";

/** A process for each function. */
export class Processes {
  readonly #processes: ReadonlyMap<string, FunctionProcess>;

  constructor(functions: readonly AccountFunction[], options: ProcessOptions) {
    this.#processes = new Map(
      functions.map(({ name }) => [name, new FunctionProcess(name, { ...options, log: logOf(name, options.log) })]),
    );
  }

  /** In the process of the function. */
  readonly execute: Execute = (fn, event, ctx) => {
    const process = this.#processes.get(fn.name);
    if (!process) throw new Error(`there is no process for ${fn.name}`);
    return process.use(({ url }) => executeAt(url, event, ctx), ctx.signal);
  };

  readonly placeOf: PlaceOf = (functionName) => {
    const process = this.#processes.get(functionName);
    if (!process) return { state: "stopped" };
    const { is: state, ...running } = process.state;
    return { state, ...running, coldStarts: process.coldStarts };
  };

  /** Ends all within `graceMs` milliseconds; resolves once they are gone. */
  async stop(graceMs: number): Promise<void> {
    await Promise.all([...this.#processes.values()].map((process) => process.stop(graceMs)));
  }
}

function logOf(functionName: string, log: Log): Log {
  const named = (fields: object) => ({ function: functionName, ...fields });
  return {
    debug: (fields, message) => log.debug(named(fields), message),
    info: (fields, message) => log.info(named(fields), message),
    warn: (fields, message) => log.warn(named(fields), message),
    error: (fields, message) => log.error(named(fields), message),
  };
}
