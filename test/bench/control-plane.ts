import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { root } from "../../tools/paths.ts";

/** Of a process, in bytes. */
export interface Memory {
  readonly rss: number;
  /** What is still in use after a collection. */
  readonly heap: number;
}

/** The embedded control plane in a process of its own. */
export class ControlPlane {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, url: string) {
    this.#child = child;
    this.url = url;
  }

  /** Ready when it resolves, with `admin.kubeconfig` in the folder. */
  static async start(folder: string, tokenFile: string): Promise<ControlPlane> {
    const script = join(root, "test", "bench", "embedded-server.ts");
    const execArgv = ["--expose-gc", "--max-semi-space-size=4"];
    const child = fork(script, [folder, tokenFile], { execArgv });
    const { url } = await answer<{ url: string }>(child);
    return new ControlPlane(child, url);
  }

  memory(): Promise<Memory> {
    const said = answer<Memory>(this.#child);
    this.#child.send("memory");
    return said;
  }

  /** So far, in milliseconds. */
  async cpuMs(): Promise<number> {
    const stat = await readFile(`/proc/${this.#child.pid}/stat`, "utf8");
    const [user = "0", system = "0"] = stat
      .slice(stat.lastIndexOf(")") + 2)
      .split(" ")
      .slice(11, 13);
    return (Number(user) + Number(system)) * tickMs;
  }

  async stop(): Promise<void> {
    // Ctrl-C reaches it as well.
    if (!this.#child.connected) return;
    const ended = once(this.#child, "exit");
    this.#child.disconnect();
    await ended;
  }
}

/** Of the kernel's clock. */
const tickMs = 10;

async function answer<T>(child: ChildProcess): Promise<T> {
  const [said] = await Promise.race([
    once(child, "message"),
    once(child, "exit").then(([code]) => Promise.reject(new Error(`the control plane ended with code ${code}`))),
  ]);
  return said;
}
