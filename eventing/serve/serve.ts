import { serveMetrics } from "../metrics-server.ts";
import { type ServeHost, startRuntime } from "./runtime.ts";
import type { ServeConfig } from "./serve-config.ts";
import { serveFunctions } from "./server.ts";

/** The whole of `pm serve`: functions that answer events over HTTP, without source and bus. Resolves after a clean
 *  shutdown; rejects when it cannot start, or can never work. */
export async function serve(config: ServeConfig, host: ServeHost): Promise<void> {
  const { log, signal, functions } = host;
  await using cleanup = new AsyncDisposableStack();
  const { responder, metrics, missing, opened } = await startRuntime(config, host, cleanup);
  const { respond } = responder;
  const server = cleanup.adopt(await serveFunctions({ address: config.address, respond, missing, log }), (it) =>
    it.close(),
  );
  const { address, ...secure } = config.metrics;
  if (address) cleanup.adopt(await serveMetrics(metrics.registry, { address, ...secure }), (it) => it.close());
  log.info({ port: server.port, functions: functions.map(({ name }) => name) }, "functions are served");

  const ended = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  const broken = opened.catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
  await Promise.race([ended, broken.then(() => ended)]);
  // Something is left of the time for what is not done by then to be answered, and for the servers.
  await responder.drain(config.shutdownTimeout * drainShare);
  log.info({}, "stopped");
}

const drainShare = 0.8;
