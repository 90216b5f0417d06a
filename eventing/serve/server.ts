import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Log } from "../../shared/function.ts";
import type { Readiness } from "../health.ts";
import { closeGently, type Listening, listen } from "../http-server.ts";
import { bodyOf, CutOffError, discardRest, TooLargeError } from "../request-body.ts";
import type { Address } from "../run-config.ts";
import { type Answer, textAnswer } from "./answer.ts";
import type { Posted } from "./responder.ts";

export interface ServerOptions {
  readonly address: Address;
  readonly respond: (posted: Posted) => Promise<Answer>;
  /** What /health/readiness answers from. */
  readonly missing: Readiness;
  readonly log: Log;
  /** A client has this long for a whole request, in milliseconds; 30,000 unless given. */
  readonly patienceMs?: number;
}

/** Kubernetes objects reach 1.5 MiB, and an event is somewhat more than its object. */
export const maxBytes = 4 * 1024 * 1024;
/** What is read of a body that is too large: a broker sends an event again whose connection breaks, and not one that is
 *  refused. */
const maxDiscarded = 64 * 1024 * 1024;
/** Longer than any proxy before it keeps one, so that a connection is never closed while it is used for the next. */
const keepAliveMs = 75_000;

/** Serves functions over HTTP as Knative asks for it. Rejects when the port is taken. */
export async function serveFunctions(options: ServerOptions): Promise<Listening> {
  const { address, log, missing, patienceMs = 30_000 } = options;
  const server = createServer(
    { requestTimeout: patienceMs, headersTimeout: Math.min(patienceMs, 10_000), connectionsCheckingInterval: 1_000 },
    (request, response) => {
      const answering = answer(request, options).catch(async (error: unknown) => {
        if (error instanceof TooLargeError) await discardRest(request, maxDiscarded);
        return failure(error, log);
      });
      void answering.then((answered) => {
        // Nobody should send the next one here, and what is left of a body cannot be told from it.
        if (!request.complete || missing().length > 0) response.setHeader("connection", "close");
        send(response, answered, request.method === "HEAD");
      });
    },
  );
  server.keepAliveTimeout = keepAliveMs;
  const listening = await listen(server, address, "port");
  return { port: listening.port, close: () => closeGently(server, listening) };
}

async function answer(request: IncomingMessage, { respond, missing }: ServerOptions): Promise<Answer> {
  const { method } = request;
  const [path = "/"] = (request.url ?? "/").split("?");
  if (path.startsWith("/health/")) return health(path, method, missing);
  if (method !== "POST") return notAllowed("POST", "POST an event");
  const body = await bodyOf(request, maxBytes);
  return respond({ path, headers: headersOf(request), body, isAbandoned: () => request.socket.destroyed });
}

function health(path: string, method: string | undefined, missing: Readiness): Answer {
  if (method !== "GET" && method !== "HEAD") return notAllowed("GET, HEAD", `GET ${path}`);
  // A process whose event loop is stuck does not answer: more there is not to check.
  if (path === "/health/liveness") return textAnswer(200, "ok");
  if (path !== "/health/readiness") return textAnswer(404, "use /health/liveness or /health/readiness");
  const problems = missing();
  return problems.length === 0
    ? textAnswer(200, "ok")
    : textAnswer(503, problems.map((problem) => `not ready: ${problem}`).join("\n"));
}

function notAllowed(allow: string, hint: string): Answer {
  const { headers, ...rest } = textAnswer(405, hint);
  return { ...rest, headers: { ...headers, allow } };
}

function headersOf({ headers }: IncomingMessage): readonly (readonly [string, string])[] {
  return Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, Array.isArray(value) ? value.join(", ") : value] as const],
  );
}

function failure(error: unknown, log: Log): Answer {
  if (error instanceof TooLargeError) return textAnswer(413, `an event has at most ${maxBytes} bytes`);
  // Nobody is there to read it; it is no fault of ours either.
  if (error instanceof CutOffError) return textAnswer(400, "the request was cut off");
  log.error({ err: error }, "a request failed");
  return textAnswer(500, "failed");
}

function send(response: ServerResponse, { status, headers, body }: Answer, isHead: boolean): void {
  const isEmpty = status === 204;
  const length = isEmpty ? {} : { "content-length": String(Buffer.byteLength(body)) };
  response.writeHead(status, { ...headers, ...length });
  response.end(isHead || isEmpty ? undefined : body);
}
