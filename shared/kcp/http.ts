import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { UnreachableError } from "./errors.ts";
import type { Kubeconfig } from "./kubeconfig.ts";

/** One HTTP request with the identity of a kubeconfig. */
export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly body?: string;
  readonly contentType?: string;
  readonly signal?: AbortSignal;
  /** Milliseconds until the head of the answer, and for `send` until its end. */
  readonly timeoutMs: number;
}
export interface HttpResponse {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
}

/** Requests over kept-alive connections, at most 32 to each server; streams have connections of their own. */
export interface Http {
  /** Throws UnreachableError when no whole answer came in time, and the signal's reason once that is aborted. */
  send(request: HttpRequest): Promise<HttpResponse>;
  /** Answers as soon as the head is there; the body is the caller's to read, or to destroy. */
  open(request: HttpRequest): Promise<IncomingMessage>;
  /** Closes idle connections. */
  close(): void;
}

export function createHttp(config: Pick<Kubeconfig, "tls" | "headers">): Http {
  const options = { keepAlive: true, maxSockets: 32, scheduling: "lifo", timeout: 0 } as const;
  const http = new HttpAgent(options);
  const https = new HttpsAgent({ ...options, ...config.tls });
  const streams = new HttpsAgent({ keepAlive: false, ...config.tls });

  async function open(request: HttpRequest, streaming: boolean): Promise<IncomingMessage> {
    const headers = {
      accept: "application/json",
      "user-agent": "account-functions",
      ...(request.body !== undefined && {
        "content-type": request.contentType ?? "application/json",
        "content-length": String(Buffer.byteLength(request.body)),
      }),
      ...(await config.headers()),
    };
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const secure = request.url.startsWith("https:");
    const agent = secure ? (streaming ? streams : https) : streaming ? false : http;
    const sent = (secure ? httpsRequest : httpRequest)(request.url, {
      method: request.method,
      headers,
      agent,
      ...(request.signal && { signal: request.signal }),
    });
    sent.once("response", resolve);
    // A kept-alive connection may be closed by the server just as it is used: nothing was handled, so it is sent again.
    sent.on("error", (error: NodeJS.ErrnoException) =>
      sent.reusedSocket && error.code === "ECONNRESET" ? resolve(open(request, streaming)) : reject(error),
    );
    sent.end(request.body);
    return promise;
  }

  async function within<T>(request: HttpRequest, work: (bounded: HttpRequest) => Promise<T>): Promise<T> {
    const limit = new AbortController();
    const expired = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      limit.abort();
      // An exec plugin that hangs does not heed the signal.
      expired.reject(new Error("time limit"));
    }, request.timeoutMs);
    const signal = request.signal ? AbortSignal.any([request.signal, limit.signal]) : limit.signal;
    try {
      return await Promise.race([work({ ...request, signal }), expired.promise]);
    } catch (cause) {
      request.signal?.throwIfAborted();
      if (limit.signal.aborted) throw new UnreachableError(`no answer within ${request.timeoutMs / 1000} s`, { cause });
      throw new UnreachableError(cause instanceof Error ? cause.message : String(cause), { cause });
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    send: (request) =>
      within(request, async (bounded) => {
        const response = await open(bounded, false);
        const text = await textOf(response);
        return { status: response.statusCode ?? 0, headers: response.headers, text };
      }),
    open: (request) => within(request, (bounded) => open(bounded, true)),
    close: () => {
      for (const agent of [http, https, streams]) agent.destroy();
    },
  };
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}
