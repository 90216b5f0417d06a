import type { Server } from "node:net";
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
