import type { Server as HttpServer } from "node:http";
import type { Server } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { Address } from "./run-config.ts";

/** A server that takes connections until it is closed. */
export interface Listening {
  readonly port: number;
  close(): Promise<void>;
}

/** Listens, or says for which flag another address is needed. */
export async function listen(server: Server, { host, port }: Address, flag: string): Promise<Listening> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", (cause: NodeJS.ErrnoException) => {
    const why = cause.code === "EADDRINUSE" ? "another process uses this port" : cause.message;
    reject(new Error(`listening on ${host ?? ""}:${port}: ${why}; choose another address with --${flag}`, { cause }));
  });
  const connections = new Set<{ destroy(): void }>();
  server.on("connection", (socket) => {
    connections.add(socket);
    socket.once("close", () => connections.delete(socket));
  });
  server.listen({ port, ...(host && { host }) }, resolve);
  await promise;
  const bound = server.address();
  return {
    port: typeof bound === "object" && bound ? bound.port : port,
    async close() {
      const closed = new Promise<void>((done) => server.close(() => done()));
      for (const connection of connections) connection.destroy();
      await closed;
    },
  };
}

/** Answers that are under way get this long when the server closes, in milliseconds. */
const flushMs = 1_000;

/** Takes no further connections, closes those without a request, and lets the others have their answers first. */
export async function closeGently(
  server: Pick<HttpServer, "close" | "closeIdleConnections">,
  listening: Listening,
  ms: number = flushMs,
): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  await Promise.race([closed, delay(ms, undefined, { ref: false })]);
  await listening.close();
}
