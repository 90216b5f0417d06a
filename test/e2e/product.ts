import { closeSync, openSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { get } from "node:http";
import { join } from "node:path";
import { root } from "../../tools/paths.ts";
import { freePorts } from "../../tools/ports.ts";
import { Supervised } from "../../tools/supervised.ts";
import { eventually } from "./eventually.ts";

export interface ProductOptions {
  readonly kubeconfig: string;
  readonly logFile: string;
  readonly args: readonly string[];
  /** `run` unless given. */
  readonly command?: "run" | "admission";
}

/** `pm run` as an operator starts it: a process of its own, which a test may end in any way and start again. */
export class Product {
  readonly logFile: string;
  readonly #options: ProductOptions;
  readonly #command: string;
  #process: Supervised | undefined;
  #ports: readonly number[] = [];

  constructor(options: ProductOptions) {
    this.#options = options;
    this.logFile = options.logFile;
    this.#command = options.command ?? "run";
  }

  /** Resolves once it is ready; `args` come after those of the options. */
  async start(...args: readonly string[]): Promise<void> {
    await this.launch(...args);
    try {
      await eventually(30_000, () => this.isReady(), 20);
    } catch (cause) {
      const tail = (await this.log()).trimEnd().split("\n").slice(-10).join("\n");
      throw new Error(`pm ${this.#command} is not ready; its log ends:\n${tail}`, { cause });
    }
  }

  /** Starts it without waiting. */
  async launch(...args: readonly string[]): Promise<void> {
    this.#ports = await freePorts(2);
    const [metrics, health] = this.#ports;
    const log = openSync(this.logFile, "a");
    this.#process = new Supervised(
      join(root, "bin", "pm"),
      [
        this.#command,
        `--kubeconfig=${this.#options.kubeconfig}`,
        `--metrics-bind-address=127.0.0.1:${metrics}`,
        `--health-probe-bind-address=127.0.0.1:${health}`,
        ...this.#options.args,
        ...args,
      ],
      { output: log },
    );
    closeSync(log);
  }

  /** Rejects with what is missing. */
  async isReady(): Promise<void> {
    await this.#answer("readyz");
  }

  /** Where it serves its metrics. */
  get metricsUrl(): string {
    return `http://127.0.0.1:${this.#ports[0]}`;
  }

  get pid(): Promise<number> {
    return this.#process?.pid ?? Promise.reject(new Error("pm run is not running"));
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

  /** Sum over the series of a metric, e.g. `account_operator_accounts_reconciled_total{type="org"`. */
  async metric(prefix: string): Promise<number> {
    const lines = (await this.#answer("metrics", this.#ports[0])).split("\n");
    return lines
      .filter((line) => line.startsWith(prefix))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
  }

  log(): Promise<string> {
    return readFile(this.logFile, "utf8");
  }

  #take(): Supervised | undefined {
    const running = this.#process;
    this.#process = undefined;
    return running;
  }

  #answer(path: string, port = this.#ports[1]): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    get({ host: "127.0.0.1", port, path: `/${path}`, agent: false }, async (response) => {
      let text = "";
      for await (const chunk of response.setEncoding("utf8")) text += chunk;
      if (response.statusCode === 200) resolve(text);
      else reject(new Error(`/${path} answers ${response.statusCode}: ${text}`));
    }).on("error", reject);
    return promise;
  }
}
