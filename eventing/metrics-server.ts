import { createServer, type IncomingMessage } from "node:http";
import { createSecureServer, type Http2ServerRequest } from "node:http2";
import { createServer as createHttpsServer } from "node:https";
import { hostname } from "node:os";
import type { Registry } from "prom-client";
import { selfSigned } from "../shared/self-signed.ts";
import { type Listening, listen } from "./http-server.ts";
import type { Address } from "./run-config.ts";

interface Options {
  readonly address: Address;
  readonly secure: boolean;
  /** Offered to HTTPS clients. */
  readonly http2: boolean;
}

/** Serves /metrics; over HTTPS with a certificate made at start, as the reference does. */
export function serveMetrics(registry: Registry, { address, secure, http2 }: Options): Promise<Listening> {
  const answer = async (request: Request, response: Response) => {
    if (request.url?.split("?")[0] !== "/metrics") {
      response.statusCode = 404;
      response.end("use /metrics\n");
      return;
    }
    const text = await registry.metrics();
    response.setHeader("content-type", registry.contentType);
    response.end(text);
  };
  const handle = (request: Request, response: Response) =>
    void answer(request, response).catch((error: unknown) => {
      response.statusCode = 500;
      response.end(`${error}
`);
    });
  return listen(serverOf(handle, secure, http2), address, "metrics-bind-address");
}

type Request = IncomingMessage | Http2ServerRequest;
/** What the responses of HTTP/1 and HTTP/2 have in common. */
interface Response {
  statusCode: number;
  setHeader(name: string, value: string): unknown;
  end(text: string): unknown;
}

function serverOf(handle: (request: Request, response: Response) => void, secure: boolean, http2: boolean) {
  if (!secure) return createServer((request, response) => handle(request, response));
  const certificate = selfSigned(hostname());
  return http2
    ? createSecureServer({ ...certificate, allowHTTP1: true }, (request, response) => handle(request, response))
    : createHttpsServer(certificate, (request, response) => handle(request, response));
}
