import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Kubeconfig, loadKubeconfig } from "../shared/kcp/kubeconfig.ts";
import { type Client, createClient } from "../shared/kcp/rest.ts";
import { startBackend } from "./backend.ts";
import type { TestKcp } from "./servers.ts";

const pm = fileURLToPath(new URL("../bin/pm", import.meta.url));

export interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A kcp of the backend with nothing in it, and what it takes to run `pm bootstrap` there. */
export class BareKcp {
  readonly kcp: TestKcp;
  /** Empty at first, and the working directory of every `pm`. */
  readonly folder: string;
  readonly admin: Client;
  readonly #config: Kubeconfig;

  private constructor(kcp: TestKcp, folder: string, config: Kubeconfig) {
    this.kcp = kcp;
    this.folder = folder;
    this.#config = config;
    this.admin = createClient({ config });
  }

  /** An empty kcp; one of the backend unless given. */
  static async start(started: Promise<TestKcp> = startBackend()): Promise<BareKcp> {
    const [kcp, folder] = await Promise.all([started, mkdtemp(join(tmpdir(), "bootstrap-"))]);
    return new BareKcp(kcp, folder, await loadKubeconfig({ file: kcp.adminKubeconfig, context: "root" }));
  }

  async stop(): Promise<void> {
    this.admin.close();
    await this.kcp.stop();
    await rm(this.folder, { recursive: true });
  }

  /** Kubeconfig of the functions, once bootstrap has written it. */
  get operatorFile(): string {
    return join(this.folder, "operator.kubeconfig");
  }

  /** Direct access with the token of a user. */
  as(token: string): Client {
    return createClient({ config: { ...this.#config, headers: async () => ({ authorization: `Bearer ${token}` }) } });
  }

  bootstrapArgs(...more: readonly string[]): readonly string[] {
    const { adminKubeconfig, operatorTokenFile } = this.kcp;
    return [
      "bootstrap",
      `--kubeconfig=${adminKubeconfig}`,
      `--operator-token-file=${operatorTokenFile}`,
      `--operator-kubeconfig=${this.operatorFile}`,
      ...more,
    ];
  }

  bootstrap(...more: readonly string[]): Promise<Outcome> {
    return this.pm(...this.bootstrapArgs(...more));
  }

  spawnPm(...args: readonly string[]): ChildProcess {
    return spawn(pm, args, { cwd: this.folder, stdio: ["ignore", "pipe", "pipe"] });
  }

  async pm(...args: readonly string[]): Promise<Outcome> {
    const child = this.spawnPm(...args);
    const text = { out: "", err: "" };
    child.stdout?.on("data", (chunk: Buffer) => {
      text.out += chunk.toString();
    });
    child.stderr?.on("data", (chunk: Buffer) => {
      text.err += chunk.toString();
    });
    const [code] = await once(child, "close");
    return { code, ...text };
  }
}

/** Looks until it is right, or the time (milliseconds) is over: kcp's caches lag. Answers what was seen last. */
export async function eventually<T>(look: () => Promise<T>, isRight: (found: T) => boolean, ms = 20_000): Promise<T> {
  const deadline = Date.now() + ms;
  for (;;) {
    const found = await look();
    if (isRight(found) || Date.now() > deadline) return found;
    await delay(100);
  }
}

/** Tries until nothing is thrown, or the time (milliseconds) is over. */
export async function succeeding<T>(work: () => Promise<T>, ms = 20_000): Promise<T> {
  const attempt = () =>
    work().then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
  const last = await eventually(attempt, (result) => "value" in result, ms);
  if ("value" in last) return last.value;
  throw last.error;
}
