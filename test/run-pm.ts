import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Io } from "../cli/command.ts";
import { main } from "../cli/main.ts";

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}
export interface PmOptions extends Partial<Omit<Io, "stderr">> {
  /** Server of the kubeconfig that the command finds. */
  readonly server?: string;
}

/** Runs one command line inside this process. */
export async function runPm(argv: readonly string[], { server, ...given }: PmOptions = {}): Promise<Ran> {
  const written = { out: "", err: "" };
  const folder = await mkdtemp(join(tmpdir(), "pm-test-"));
  const kubeconfig = join(folder, "kubeconfig");
  if (server !== undefined) await writeFile(kubeconfig, kubeconfigOf(server));
  const io: Io = {
    stdout: { write: (text) => (written.out += text) },
    stderr: { write: (text) => (written.err += text) },
    env: { KUBECONFIG: kubeconfig },
    isTTY: false,
    color: false,
    signal: new AbortController().signal,
    now: Date.now,
    ask: async () => undefined,
    ...given,
  };
  try {
    const code = await main(argv, io);
    return { code, ...written };
  } finally {
    await rm(folder, { recursive: true });
  }
}

function kubeconfigOf(server: string): string {
  const named = (name: string, what: object) => ({ name, ...what });
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "test",
    contexts: [named("test", { context: { cluster: "test", user: "test" } })],
    clusters: [named("test", { cluster: { server: `${server}/clusters/root` } })],
    users: [named("test", { user: { token: "test" } })],
  });
}
