import { createServer, type IncomingMessage } from "node:http";
import { type Listening, listen } from "../../eventing/http-server.ts";
import { bodyOf, TooLargeError } from "../../eventing/request-body.ts";
import type { Address } from "../../eventing/run-config.ts";
import type { CloudEvent } from "../../shared/event.ts";
import { MalformedEventError } from "../../shared/event-codec.ts";
import { readHttpEvent, UnsupportedEventError } from "../../shared/http-event.ts";
import type { BrokerKind } from "./objects.ts";

export interface IngressOptions {
  readonly kind: BrokerKind;
  readonly address: Address;
  readonly maxBytes: number;
  /** Stores the event durably. Answers the status of the produce request. */
  readonly accept: (broker: string, event: CloudEvent) => Promise<number>;
}

/** `POST /<namespace>/<broker>`. */
export function serveIngress(options: IngressOptions): Promise<Listening> {
  const server = createServer(async (request, response) => {
    const status = await answer(request, options).catch((error: unknown) => statusOf(error));
    if (!request.complete) response.setHeader("connection", "close");
    response.setHeader("allow", "POST, OPTIONS");
    response.writeHead(status).end();
  });
  return listen(server, options.address, "listen");
}

async function answer(request: IncomingMessage, { kind, maxBytes, accept }: IngressOptions): Promise<number> {
  const path = (request.url ?? "/").split("?")[0] ?? "/";
  if (request.method === "OPTIONS" && kind === "mt") return 200;
  if (request.method !== "POST") return 405;
  const [namespace, name, ...rest] = path.replace(/\/$/, "").split("/").slice(1);
  if (!namespace) return 404;
  if (!name || rest.length > 0) return 400;
  const headers = Object.entries(request.headers).map(([header, value]) => [header, String(value)] as const);
  const { event } = readHttpEvent({ headers, body: await bodyOf(request, maxBytes) });
  return accept(`${namespace}/${name}`, event);
}

function statusOf(error: unknown): number {
  if (error instanceof UnsupportedEventError) return 415;
  if (error instanceof MalformedEventError) return 400;
  if (error instanceof TooLargeError) return 413;
  return 500;
}
