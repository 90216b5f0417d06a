import { createServer, type IncomingMessage } from "node:http";
import { createSecureServer, type Http2ServerRequest } from "node:http2";
import { createServer as createHttpsServer } from "node:https";
import { hostname } from "node:os";
import type { Registry } from "prom-client";
import { selfSigned } from "../shared/self-signed.ts";
import { type Listening, listen } from "./http-server.ts";
import { type FunctionSource, functionRowsToJson } from "./overview/row.ts";
import type { Address } from "./run-config.ts";

interface Options {
  readonly address: Address;
  readonly secure: boolean;
  /** Offered to HTTPS clients. */
  readonly http2: boolean;
  /** What /functions answers from; nothing is there without. */
  readonly functions?: FunctionSource;
}

/** Serves /metrics, and /functions for pm functions; over HTTPS with a certificate made at start, as the reference does. */
export function serveMetrics(registry: Registry, { address, secure, http2, functions }: Options): Promise<Listening> {
  const answer = async (request: Request, response: Response) => {
    switch (request.url?.split("?")[0]) {
      case "/metrics": {
        const text = await registry.metrics();
        response.setHeader("content-type", registry.contentType);
        return response.end(text);
      }
      case "/functions": {
        const rows = (await functions?.rows()) ?? [];
        response.setHeader("content-type", "application/json");
        return response.end(functionRowsToJson(rows));
      }
      default:
        response.statusCode = 404;
        return response.end("use /metrics or /functions\n");
    }
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
