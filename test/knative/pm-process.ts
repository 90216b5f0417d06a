import { closeSync, openSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { root } from "../../tools/paths.ts";
import { Supervised } from "../../tools/supervised.ts";
import { eventually } from "../e2e/eventually.ts";

export interface PmOptions {
  readonly args: readonly string[];
  readonly logFile: string;
  /** Answers 200 once the process is ready. */
  readonly readyUrl: string;
  /** Of its /metrics. */
  readonly metricsUrl: string;
}

/** One long-running command of pm as a process of its own, which a test may end in any way and start again. */
export class PmProcess {
  readonly #options: PmOptions;
  #process: Supervised | undefined;

  constructor(options: PmOptions) {
    this.#options = options;
  }

  /** Resolves once it is ready. */
  async start(): Promise<void> {
    await this.launch();
    const { args, readyUrl } = this.#options;
    try {
      await eventually(
        30_000,
        async () => {
          const { status } = await fetch(readyUrl);
          if (status !== 200) throw new Error(`${readyUrl} answers ${status}`);
        },
        50,
      );
    } catch (cause) {
      const tail = (await this.log()).trimEnd().split("\n").slice(-10).join("\n");
      throw new Error(`pm ${args[0]} is not ready; its log ends:\n${tail}`, { cause });
    }
  }

  /** Starts it without waiting. */
  async launch(): Promise<void> {
    const log = openSync(this.#options.logFile, "a");
    this.#process = new Supervised(join(root, "bin", "pm"), this.#options.args, { output: log });
    closeSync(log);
  }

  /** SIGTERM; answers the exit code. */
  async stop(): Promise<number> {
    const running = this.#take();
    await running?.stop(15_000);
    return (await running?.exited) ?? 0;
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    await this.#take()?.kill();
  }

  /** Sum over the series of a metric, as `account_functions_timers_ended_total{function="x"`. */
  async metric(prefix: string): Promise<number> {
    const text = await (await fetch(this.#options.metricsUrl)).text();
    const lines = text.split("\n").filter((line) => line.startsWith(prefix));
    return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
  }

  log(): Promise<string> {
    return readFile(this.#options.logFile, "utf8");
  }

  #take(): Supervised | undefined {
    const running = this.#process;
    this.#process = undefined;
    return running;
  }
}
