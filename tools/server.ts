import { closeSync, openSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { recordProcess } from "./claim.ts";
import { withProgress } from "./progress.ts";
import { Supervised } from "./supervised.ts";

const pollMs = 50;
const stopLimitMs = 4000;
const tailLines = 20;

export interface ServerSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Holds the log `<name>.log` and the process id. */
  readonly folder: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly isReady: () => Promise<boolean>;
  readonly readyLimitMs: number;
}

/** How one of our servers is started. */
export interface StartOptions {
  /** Empty, and this process's own. */
  readonly folder: string;
  /** Gets the server's end, also when its start fails. */
  readonly cleanup?: AsyncDisposableStack;
}

/** A server of ours, running on 127.0.0.1 for as long as this process lives. */
export class Server {
  readonly logFile: string;
  readonly #spec: ServerSpec;
  #process: Supervised | undefined;

  constructor(spec: ServerSpec) {
    this.#spec = spec;
    this.logFile = join(spec.folder, `${spec.name}.log`);
  }

  /** Resolves once it serves; rejects with the last lines of its log when it ends before or takes too long. */
  async start(): Promise<void> {
    const { name, command, args, folder, env } = this.#spec;
    const log = openSync(this.logFile, "a");
    const child = new Supervised(command, args, { output: log, ...(env && { env }) });
    closeSync(log);
    this.#process = child;
    await recordProcess(folder, name, await child.pid);
    await withProgress(`starting ${name}`, () => this.#untilReady(child));
  }

  /** Resolves with the reason when it ends without having been asked to. */
  async failed(): Promise<Error> {
    const child = this.#process;
    const code = await child?.exited;
    if (child && this.#process === child) return this.#error(`ended with code ${code}`);
    return new Promise(() => undefined);
  }

  async stop(): Promise<void> {
    await this.#take()?.stop(stopLimitMs);
  }

  /** SIGKILL; its data stays. */
  async kill(): Promise<void> {
    await this.#take()?.kill();
  }

  /** Same data, same ports; stops it first when it runs. */
  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  #take(): Supervised | undefined {
    const child = this.#process;
    this.#process = undefined;
    return child;
  }

  async #untilReady(child: Supervised): Promise<void> {
    const { isReady, readyLimitMs } = this.#spec;
    const deadline = performance.now() + readyLimitMs;
    let ended: number | undefined;
    void child.exited.then((code) => {
      ended = code;
    });
    while (!(await isReady())) {
      if (ended !== undefined) throw await this.#error(`ended with code ${ended} before it was ready`);
      if (performance.now() > deadline) {
        await this.kill();
        throw await this.#error(`was not ready after ${readyLimitMs / 1000} s`);
      }
      await sleep(pollMs);
    }
  }

  async #error(what: string): Promise<Error> {
    const lines = (await readFile(this.logFile, "utf8")).trimEnd().split("\n").slice(-tailLines);
    return new Error(`${this.#spec.name} ${what}. Last lines of ${this.logFile}:\n  ${lines.join("\n  ")}`);
  }
}
