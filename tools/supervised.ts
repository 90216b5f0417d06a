import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

export interface SupervisedOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** A file descriptor to write to, our own outputs, or pipes for `onLine`. */
  readonly output: number | "inherit" | "pipe";
}

/** A process that cannot outlive this one, even when this one is killed hard (supervise.ts says how). */
export class Supervised {
  /** Its exit code; 128 + signal number when a signal ended it. */
  readonly exited: Promise<number>;
  /** Rejects when it could not be started. */
  readonly pid: Promise<number>;
  readonly #supervisor: ChildProcess;

  constructor(command: string, args: readonly string[], { output, ...options }: SupervisedOptions) {
    this.#supervisor = fork(join(import.meta.dirname, "supervise.ts"), [command, ...args], {
      ...options,
      execArgv: [],
      detached: true,
      stdio: ["ignore", output, output, "ipc"],
    });
    this.exited = once(this.#supervisor, "exit").then(([code]) => (typeof code === "number" ? code : 128));
    const started = once(this.#supervisor, "message").then(([pid]) => Number(pid));
    this.pid = Promise.race([started, this.exited.then(() => Promise.reject(new Error(`${command} did not start`)))]);
    this.pid.catch(() => undefined);
  }

  /** Both outputs, line by line; needs `output: "pipe"`. */
  onLine(listener: (line: string) => void): void {
    for (const stream of [this.#supervisor.stdout, this.#supervisor.stderr]) {
      if (stream) createInterface({ input: stream }).on("line", listener);
    }
  }

  /** Asks it to end, and kills it with its children when it has not done so after `limitMs`. */
  async stop(limitMs: number): Promise<void> {
    this.#signal("SIGTERM");
    const timer = setTimeout(() => this.#signal("SIGKILL"), limitMs);
    await this.exited;
    clearTimeout(timer);
  }

  async kill(): Promise<void> {
    this.#signal("SIGKILL");
    await this.exited;
  }

  #signal(signal: NodeJS.Signals): void {
    // The callback takes the error of a channel that closes meanwhile: then it has ended already.
    if (this.#supervisor.connected) this.#supervisor.send(signal, () => undefined);
  }
}
