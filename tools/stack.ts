import { chmod, readFile, writeFile } from "node:fs/promises";
import { get } from "node:http";
import { join } from "node:path";
import type { Backend } from "./backend.ts";
import { bundlePm } from "./bundle.ts";
import type { Kcp } from "./kcp-server.ts";
import { root } from "./paths.ts";
import { freePorts } from "./ports.ts";
import { withProgress } from "./progress.ts";
import { runCommand } from "./run-command.ts";
import type { Security } from "./security-stack.ts";
import { Server, type StartOptions } from "./server.ts";

const pm = join(root, "bin", "pm");

/** A backend and the functions, with everything set up for the first Account. */
export interface Stack {
  /** kubeconfig of a person who works in root:orgs: of kcp's admin, to whom nothing is forbidden. */
  readonly kubeconfig: string;
  readonly kcp: Kcp;
  /** Absent where nobody logs in. */
  readonly security?: Security;
  /** Environment with which `pm` finds the events, as `NAME=value`. */
  readonly busEnv: string;
  readonly metricsUrl: string;
  /** The process of `pm run`. */
  readonly functions: Server;
  /** The first of the servers that ends without having been asked to, with its last words. */
  readonly failed: Promise<Error>;
}

/** Starts everything in `folder`; what is to be ended, in reverse order, goes to `cleanup`, also when this rejects. */
export async function startStack(backend: Backend, options: Required<StartOptions>): Promise<Stack> {
  const [running] = await Promise.all([backend.start(options), bundlePm()]);
  const { kcp, bus, servers, security } = running;
  const { flags } = security ?? {};
  const operatorKubeconfig = join(options.folder, "operator.kubeconfig");
  await withProgress("setting up kcp for accounts (pm bootstrap)", () =>
    bootstrap(kcp, operatorKubeconfig, flags?.bootstrap),
  );
  const functions = await startFunctions({
    ...options,
    operatorKubeconfig,
    flags: [...bus.flags, ...(flags?.run ?? []), ...isolationFlags(process.env)],
  });
  return {
    kcp,
    ...(security && { security }),
    kubeconfig: await writeUserKubeconfig(kcp, join(options.folder, "kubeconfig")),
    busEnv: bus.env,
    metricsUrl: functions.metricsUrl,
    functions: functions.server,
    failed: Promise.race([...servers, functions.server].map((server) => server.failed())),
  };
}

async function bootstrap(kcp: Kcp, operatorKubeconfig: string, flags: readonly string[] = []): Promise<void> {
  const args = [
    "bootstrap",
    `--kubeconfig=${kcp.adminKubeconfig}`,
    `--operator-token-file=${kcp.operatorTokenFile}`,
    `--operator-kubeconfig=${operatorKubeconfig}`,
    ...flags,
  ];
  await runCommand(pm, args);
}

/** ISOLATION=process: each function in a process of its own; IDLE_TIMEOUT says how long it stays without work. */
function isolationFlags({ ISOLATION: isolation, IDLE_TIMEOUT: idle }: NodeJS.ProcessEnv): readonly string[] {
  return [...(isolation ? [`--isolation=${isolation}`] : []), ...(idle ? [`--idle-timeout=${idle}`] : [])];
}

interface FunctionsOptions extends Required<StartOptions> {
  readonly operatorKubeconfig: string;
  readonly flags: readonly string[];
}

async function startFunctions(options: FunctionsOptions): Promise<{ server: Server; metricsUrl: string }> {
  const { folder, cleanup, operatorKubeconfig, flags } = options;
  const [health = 0, metrics = 0] = await freePorts(2);
  const server = new Server({
    name: "functions",
    command: pm,
    args: [
      "run",
      `--kubeconfig=${operatorKubeconfig}`,
      ...flags,
      `--health-probe-bind-address=127.0.0.1:${health}`,
      `--metrics-bind-address=127.0.0.1:${metrics}`,
      "--shutdown-timeout=3s",
      "--is-local",
      "--no-json",
    ],
    folder,
    isReady: () => answersOk(`http://127.0.0.1:${health}/readyz`),
    readyLimitMs: 60_000,
  });
  cleanup.defer(() => server.stop());
  await server.start();
  return { server, metricsUrl: `http://127.0.0.1:${metrics}/metrics` };
}

/** That of kcp's admin, but in root:orgs. */
async function writeUserKubeconfig(kcp: Kcp, file: string): Promise<string> {
  const admin = await readFile(kcp.adminKubeconfig, "utf8");
  await writeFile(file, admin.replace(/\/clusters\/root$/m, "/clusters/root:orgs"));
  await chmod(file, 0o600);
  return file;
}

function answersOk(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get(url, { timeout: 2000, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.once("timeout", () => request.destroy());
    request.once("error", () => resolve(false));
  });
}
