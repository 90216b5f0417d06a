import { join, relative } from "node:path";
import { run } from "../../eventing/run.ts";
import type { Log } from "../../shared/function.ts";
import { createLog } from "../../shared/log.ts";
import type { Io } from "../command.ts";
import { styleOf } from "../style.ts";
import { productVersion } from "../version.ts";
import { changes } from "./changes.ts";
import { startControlPlane } from "./control-plane.ts";
import { devConfig } from "./dev-config.ts";
import { devLine } from "./dev-line.ts";
import { ExchangeableFunctions } from "./exchangeable-functions.ts";
import { type Dispatch, functionsLoader, readable } from "./load-functions.ts";

export interface DevOptions {
  /** The checkout. */
  readonly root: string;
  /** Of the kubeconfigs. */
  readonly folder: string;
  readonly busSocket: string;
  readonly dataFile: string | undefined;
  /** Milliseconds for each request. */
  readonly timeoutMs: number;
}

/** Everything in this process until the signal is aborted; only the functions are loaded anew when their files change. */
export async function dev(options: DevOptions, io: Io): Promise<void> {
  const { root, busSocket } = options;
  const style = styleOf(io);
  const lines = { style, stack: (text: string) => readable(text, root) };
  const out = { write: (line: string) => io.stdout.write(devLine(line, lines)) };
  const log = createLog({ level: "debug", json: true, attributes: {}, out });
  const load = functionsLoader(root);
  const functions = new ExchangeableFunctions(await load());

  await using cleanup = new AsyncDisposableStack();
  const controlPlane = await startControlPlane(options, io);
  cleanup.defer(() => controlPlane.close());
  const stray = (err: unknown) => log.error({ err }, "a function left a promise or a callback behind that failed");
  process.on("unhandledRejection", stray).on("uncaughtException", stray);
  cleanup.defer(() => void process.off("unhandledRejection", stray).off("uncaughtException", stray));

  io.stdout.write(welcome(root, controlPlane.kubeconfig, busSocket));
  const ending = new AbortController();
  const signal = AbortSignal.any([io.signal, ending.signal]);
  const host = { log, version: await productVersion(), env: io.env, signal, dispatch: functions.dispatch };
  const work = [
    run(devConfig({ operatorKubeconfig: controlPlane.operatorKubeconfig, busSocket }), host),
    follow({ root, load, functions, log }, signal),
  ].map((each) => each.finally(() => ending.abort()));
  await Promise.allSettled(work);
  await Promise.all(work);
}

interface Following {
  readonly root: string;
  readonly load: () => Promise<Dispatch>;
  readonly functions: ExchangeableFunctions;
  readonly log: Log;
}

/** Exchanges the functions whenever a file is changed that they are made of. */
async function follow({ root, load, functions, log }: Following, signal: AbortSignal): Promise<void> {
  for await (const paths of changes([join(root, "functions"), join(root, "shared")], signal)) {
    const sources = paths.filter(isSource);
    if (sources.length === 0) continue;
    const names = sources.map((file) => relative(root, file)).join(", ");
    const started = performance.now();
    try {
      await functions.exchange(await load());
      log.info({}, `reloaded in ${Math.round(performance.now() - started)} ms: ${names}`);
    } catch (err) {
      log.error({ err }, `not reloaded, the functions as they were go on: ${names}`);
    }
  }
}

/** What is told of a folder may be all that is told of the files in it, when it is a new one. */
const isSource = (path: string): boolean => /(?:\.ts|\/[^.]+)$/.test(path) && !path.endsWith(".test.ts");

const welcome = (root: string, kubeconfig: string, socket: string): string => `
The embedded control plane, for development only, and all functions. In another terminal:

  cd ${root}
  export KUBECONFIG=${kubeconfig} PM_BUS_SOCKET=${socket}
  kubectl apply -f examples/acme.yaml
  bin/pm tree

What is saved in functions/ and shared/ is loaded at once; other folders need a new start. Ctrl-C ends everything.

`;
