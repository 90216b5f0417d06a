import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Backend } from "./ingress-object.ts";
import type { RouteTable } from "./route-table.ts";

export interface ProxyOptions {
  readonly table: RouteTable;
  /** Address and port of a Service; `undefined` while it has none. */
  readonly addressOf: (backend: Backend) => Promise<{ readonly host: string; readonly port: number } | undefined>;
  /** Whether the table is complete. */
  readonly isReady: () => boolean;
}

const connectTries = 25;
const connectPauseMs = 40;

/** Sends each request to the backend that the table names. Each has a connection of its own, which Kubernetes leads to
 *  whichever pod, or Knative's activator, serves at that moment. */
export function createProxy(options: ProxyOptions): Server {
  const server = createServer((incoming, answer) => {
    if (incoming.url === "/healthz" && isOurselves(incoming))
      return void answer.writeHead(options.isReady() ? 200 : 503).end();
    forward(incoming, answer, options).catch((error: unknown) => {
      if (answer.headersSent) return void answer.destroy();
      answer
        .writeHead(502, { "content-type": "text/plain" })
        .end(`${error instanceof Error ? error.message : error}\n`);
    });
  });
  // Events may take minutes; who serves them has the time limit.
  server.requestTimeout = 0;
  return server;
}

const isOurselves = ({ headers }: IncomingMessage): boolean => /^(localhost|[\d.]+)(:\d+)?$/.test(headers.host ?? "");

async function forward(incoming: IncomingMessage, answer: ServerResponse, options: ProxyOptions): Promise<void> {
  const { url: path = "/", method, headers: asked, socket } = incoming;
  const host = asked.host ?? "";
  const route = options.table.find({ host, path, headers: asked }, Math.random());
  if (!route) return void answer.writeHead(404, { "content-type": "text/plain" }).end(`no route for ${host}${path}\n`);
  const address = await options.addressOf(route.backend);
  if (!address) throw new Error(`Service ${route.backend.serviceName} has no address`);
  const forwarded = [asked["x-forwarded-for"], socket.remoteAddress].filter(Boolean).join(", ");
  const headers = {
    ...asked,
    "x-forwarded-for": forwarded,
    "x-forwarded-proto": "http",
    ...Object.fromEntries(Object.entries(route.headers).map(([name, value]) => [name.toLowerCase(), value])),
    host: route.rewriteHost ?? host,
  };
  const connection = await connectTo(address.host, address.port);
  const sent = request({ path, method, headers, createConnection: () => connection });
  answer.once("close", () => sent.destroy());
  incoming.pipe(sent);
  return new Promise((resolve, reject) => {
    sent.once("error", reject);
    sent.once("response", (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(answer);
      response.once("error", reject);
      response.once("end", resolve);
    });
  });
}

/** While pods come and go, connections may be refused for a moment: nothing was sent, so it is tried again. */
async function connectTo(host: string, port: number): Promise<Socket> {
  for (let left = connectTries; ; left--) {
    const socket = connect({ host, port, noDelay: true });
    const refused = await new Promise<Error | undefined>((resolve) => {
      socket.once("connect", () => resolve(undefined));
      socket.once("error", resolve);
    });
    if (!refused) return socket;
    if (left === 1) throw refused;
    await sleep(connectPauseMs);
  }
}
