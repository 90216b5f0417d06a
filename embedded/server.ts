import { once } from "node:events";
import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Answer } from "./api/answer.ts";
import type { Handler } from "./api/handler.ts";
import type { Sink } from "./api/watches.ts";
import type { JsonObject } from "./json.ts";
import { decodeProtobuf, protobufType } from "./protobuf.ts";
import { internalError, StatusError } from "./status-error.ts";

export interface ListenOptions {
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  /** Plain HTTP without. */
  readonly tls: { readonly key: string; readonly cert: string } | undefined;
}
export interface Listening {
  readonly port: number;
  /** Ends all watches and connections. */
  close(): Promise<void>;
}

const maxBodyBytes = 3 * 1024 * 1024;

/** Serves a handler over HTTP/1.1. */
export async function listen(handler: Handler, { host, port, tls }: ListenOptions): Promise<Listening> {
  const ends = new Set<() => void>();
  const serve = (request: IncomingMessage, response: ServerResponse) => void answer(handler, request, response, ends);
  const server: Server = tls ? createHttpsServer(tls, serve) : createHttpServer(serve);
  server.keepAliveTimeout = 60_000;
  server.listen(port, host);
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      for (const end of ends) end();
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(
  handler: Handler,
  request: IncomingMessage,
  response: ServerResponse,
  ends: Set<() => void>,
): Promise<void> {
  try {
    const bytes = await bodyOf(request);
    const url = new URL(request.url ?? "/", "https://embedded");
    const { method = "GET", headers } = request;
    const isProtobuf = headers["content-type"] === protobufType && bytes.length > 0;
    const incoming = isProtobuf
      ? { headers: { ...headers, "content-type": "application/json" }, body: JSON.stringify(decodeProtobuf(bytes)) }
      : { headers, body: bytes.toString("utf8") };
    send(await handler.handle({ method, url, ...incoming }), request, response, ends);
  } catch (error) {
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const status = error instanceof StatusError ? error : internalError(error instanceof Error ? error.message : "");
    sendJson(response, status.code, status.toStatus());
  }
}

function send(answer: Answer, request: IncomingMessage, response: ServerResponse, ends: Set<() => void>): void {
  if ("watch" in answer) {
    answer.watch(
      () => openStream(request, response),
      (end) => {
        ends.add(end);
        response.once("close", () => ends.delete(end));
      },
    );
  } else if ("text" in answer) {
    response.writeHead(answer.code, { "content-type": "text/plain; charset=utf-8" }).end(answer.text);
  } else {
    for (const warning of answer.warnings ?? []) {
      response.appendHeader("warning", `299 - "${warning.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`);
    }
    sendJson(response, answer.code, answer.body, answer.contentType);
  }
}

function sendJson(response: ServerResponse, code: number, body: unknown, contentType = "application/json"): void {
  const text = Buffer.from(`${JSON.stringify(body)}\n`);
  response
    .writeHead(code, {
      "content-type": contentType,
      "cache-control": "no-cache, private",
      "content-length": text.length,
    })
    .end(text);
}

/** A stream of JSON objects, one on each line. */
function openStream(request: IncomingMessage, response: ServerResponse): Sink {
  request.socket.setNoDelay(true);
  response.writeHead(200, { "content-type": "application/json", "cache-control": "no-cache, private" });
  response.flushHeaders();
  return {
    write: (event: JsonObject) => void response.write(`${JSON.stringify(event)}\n`),
    end: () => void response.end(),
    closed: once(response, "close").then(
      () => undefined,
      () => undefined,
    ),
  };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > maxBodyBytes) {
      throw new StatusError(`Request entity too large: limit is ${maxBodyBytes}`, {
        code: 413,
        reason: "RequestEntityTooLarge",
      });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
