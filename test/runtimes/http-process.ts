import { closeSync, openSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { CloudEvent } from "../../shared/event.ts";
import { decodeHeaderValue } from "../../shared/header-value.ts";
import { httpContent, type Mode, readHttpEvents } from "../../shared/http-event.ts";
import { freePorts } from "../../tools/ports.ts";
import { Supervised } from "../../tools/supervised.ts";
import { eventually } from "../e2e/eventually.ts";
import type { Delivered, Surroundings } from "./runtime.ts";

export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  /** Working directory; that of the tests unless given. */
  readonly cwd?: string;
}

/** A process that takes events on a port, as a container would be run. */
export class HttpProcess {
  readonly url: string;
  readonly #process: Supervised;
  readonly #metricsUrl: string;
  readonly #logFile: string;

  private constructor(ports: readonly number[], process: Supervised, logFile: string) {
    const [url = "", metrics = ""] = ports.map((port) => `http://127.0.0.1:${port}`);
    this.url = url;
    this.#metricsUrl = `${metrics}/metrics`;
    this.#process = process;
    this.#logFile = logFile;
  }

  /** Resolves once it is ready. */
  static async start(program: Program, name: string, surroundings: Surroundings): Promise<HttpProcess> {
    const [port = 0, metrics = 0] = await freePorts(2);
    const logFile = join(surroundings.folder, `${name.replaceAll(/\W+/g, "-")}.log`);
    const log = openSync(logFile, "a");
    const env = {
      ...process.env,
      KUBECONFIG: surroundings.kubeconfig,
      K_SINK: surroundings.sinkUrl,
      SCHEDULER_URL: surroundings.schedulerUrl,
      // The official runtime knows only the second.
      PORT: String(port),
      FUNC_PORT: String(port),
      METRICS_PORT: String(metrics),
    };
    const { command, args, cwd } = program;
    const started = new Supervised(command, args, { output: log, env, ...(cwd && { cwd }) });
    closeSync(log);
    const running = new HttpProcess([port, metrics], started, logFile);
    await eventually(30_000, () => running.#isReady(), 20);
    return running;
  }

  /** In the text format of Prometheus. */
  async metrics(): Promise<string> {
    return (await fetch(this.#metricsUrl)).text();
  }

  /** SIGTERM; answers the exit code. */
  async terminate(): Promise<number> {
    await this.#process.stop(20_000);
    return this.#process.exited;
  }

  async #isReady(): Promise<void> {
    const response = await fetch(`${this.url}/health/readiness`).catch(async (cause: unknown) => {
      throw new Error(`${this.url} is not there; its log: ${await readFile(this.#logFile, "utf8")}`, { cause });
    });
    if (!response.ok) throw new Error(`${this.url} is not ready: ${await response.text()}`);
  }
}

/** Posts an event as a broker does, and reads the answer. */
export async function postEvent(url: string, event: CloudEvent, mode: Mode): Promise<Delivered> {
  const { headers, body } = httpContent(event, mode);
  const response = await fetch(url, { method: "POST", headers, body });
  const bytes = new Uint8Array(await response.arrayBuffer());
  const reason = response.headers.get("account-functions-reason");
  return {
    outcome: response.headers.get("account-functions-outcome") ?? String(response.status),
    reason: reason === null ? undefined : decodeHeaderValue(reason),
    facts: response.status === 200 ? readHttpEvents({ headers: response.headers, body: bytes }) : [],
  };
}
