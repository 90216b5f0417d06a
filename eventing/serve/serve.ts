import { serveMetrics } from "../metrics-server.ts";
import type { Responder } from "./responder.ts";
import { type Runtime, type ServeHost, startRuntime } from "./runtime.ts";
import type { ServeConfig } from "./serve-config.ts";
import { serveFunctions } from "./server.ts";

/** Functions that answer, with their metrics, and no server of their own. */
export interface Serving extends Pick<Runtime, "missing" | "opened"> {
  readonly respond: Responder["respond"];
  /** Lets what is under way finish, and closes everything. */
  stop(): Promise<void>;
}

/** Part of the time to shut down that events get; the rest is for their answers, and for closing. */
const drainShare = 0.8;

export async function startServing(config: ServeConfig, host: ServeHost): Promise<Serving> {
  const cleanup = new AsyncDisposableStack();
  try {
    const { responder, metrics, missing, opened } = await startRuntime(config, host, cleanup);
    const { address, ...secure } = config.metrics;
    if (address) cleanup.adopt(await serveMetrics(metrics.registry, { address, ...secure }), (it) => it.close());
    return {
      missing,
      opened,
      respond: responder.respond,
      async stop() {
        await responder.drain(config.shutdownTimeout * drainShare);
        await cleanup.disposeAsync();
      },
    };
  } catch (error) {
    await cleanup.disposeAsync();
    throw error;
  }
}

/** The whole of `pm serve`: functions that answer events over HTTP, without source and bus. Resolves after a clean
 *  shutdown; rejects when it cannot start, or can never work. */
export async function serve(config: ServeConfig, host: ServeHost): Promise<void> {
  const { log, signal, functions, parent } = host;
  const { respond, missing, opened, stop } = await startServing(config, host);
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(stop);
  const server = await serveFunctions({ address: parent ? loopback : config.address, respond, missing, log });
  cleanup.defer(() => server.close());
  parent?.listening(server.port);
  log.info({ port: server.port, functions: functions.map(({ name }) => name) }, "functions are served");

  const ended = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  const broken = opened.catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
  await Promise.race([ended, broken.then(() => ended)]);
  // The server closes after those answers: it stays until all are sent.
  await stop();
  log.info({}, "stopped");
}

/** Whoever started this process asks which port it is. */
const loopback = { host: "127.0.0.1", port: 0 };
