import { readFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { Agent, request as httpsRequest } from "node:https";
import { IdentityError } from "./identity.ts";

const defaultTimeoutMs = 15_000;
const maxBytes = 4 * 1024 * 1024;

export interface HttpRequest {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** https. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON, parameters as a form. */
  readonly body?: object | URLSearchParams;
  readonly signal?: AbortSignal | undefined;
}
export interface HttpResponse {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
}
/** Sends one request and answers whatever status came back. Throws IdentityError when none came in time, and the signal's
 *  reason once that is aborted. Redirects are not followed: a token would go wherever they lead. */
export type Http = (request: HttpRequest) => Promise<HttpResponse>;

/** fetch takes no CA of its own, hence this. */
export function createHttp(options: { readonly caFile?: string; readonly timeoutMs?: number }): Http {
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
  const agentOf = agents(options.caFile);
  return async (request) => {
    const where = placeOf(request.url);
    const limit = AbortSignal.timeout(timeoutMs);
    const signal = request.signal ? AbortSignal.any([request.signal, limit]) : limit;
    try {
      return await send(request, await agentOf(), signal);
    } catch (cause) {
      request.signal?.throwIfAborted();
      if (cause instanceof IdentityError) throw cause;
      const reason = limit.aborted ? `no answer within ${timeoutMs / 1000} s` : describe(cause);
      throw new IdentityError(`asking ${where}: ${reason}`, "unavailable", { cause });
    }
  };
}

/** Keeps connections for as long as the CA file stays the same. */
function agents(caFile: string | undefined): () => Promise<Agent> {
  const options = { keepAlive: true, maxSockets: 16, scheduling: "lifo" } as const;
  let made: { readonly ca: string | undefined; readonly agent: Agent } | undefined;
  return async () => {
    const ca = caFile ? await readFile(caFile, "utf8") : undefined;
    if (made && made.ca === ca) return made.agent;
    made?.agent.destroy();
    made = { ca, agent: new Agent({ ...options, ...(ca !== undefined && { ca }) }) };
    return made.agent;
  };
}

async function send(request: HttpRequest, agent: Agent, signal: AbortSignal): Promise<HttpResponse> {
  const { type, text } = encode(request.body);
  const headers = {
    accept: "application/json",
    "user-agent": "account-functions",
    ...(text !== undefined && { "content-type": type, "content-length": String(Buffer.byteLength(text)) }),
    ...request.headers,
  };
  const sent = httpsRequest(request.url, { method: request.method, headers, agent, signal });
  const { promise, resolve, reject } = Promise.withResolvers<HttpResponse>();
  sent.once("response", (response) => resolve(readAll(response)));
  // A kept connection that the server closed just as it was used. What was written may have been handled all the same:
  // only reading may be done twice.
  sent.on("error", (error: NodeJS.ErrnoException) =>
    request.method === "GET" && sent.reusedSocket && error.code === "ECONNRESET"
      ? resolve(send(request, agent, signal))
      : reject(error),
  );
  sent.end(text);
  return promise;
}

async function readAll(response: IncomingMessage): Promise<HttpResponse> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw new Error(`its answer is larger than ${maxBytes / 1024 / 1024} MiB`);
    chunks.push(chunk);
  }
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    text: Buffer.concat(chunks).toString("utf8"),
  };
}

function encode(body: HttpRequest["body"]): { readonly type: string; readonly text?: string } {
  if (!body) return { type: "" };
  if (body instanceof URLSearchParams) return { type: "application/x-www-form-urlencoded", text: body.toString() };
  return { type: "application/json", text: JSON.stringify(body) };
}

/** Without the query, in which there may be a code. */
function placeOf(text: string): string {
  const url = URL.parse(text);
  if (url?.protocol !== "https:")
    throw new IdentityError(
      `${url ? `${url.origin}${url.pathname}` : "an empty or broken URL"} is no https URL`,
      "refused",
    );
  return `${url.origin}${url.pathname}`;
}

const untrusted = /SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER/;
function describe(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const code = "code" in cause ? String(cause.code) : "";
  const advice = untrusted.test(code) ? "; name the CA that signed its certificate" : "";
  return `${cause.message || code}${advice}`;
}
