import { Agent as HttpAgent, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { eventLimits } from "../shared/event-codec.ts";
import type { HttpContent } from "../shared/http-event.ts";
import { messageOf } from "../shared/kcp/errors.ts";

export interface Post extends HttpContent {
  readonly url: string;
  /** Milliseconds until the end of the answer. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
}

/** No whole answer came. */
export class UnansweredError extends Error {
  override name = "UnansweredError";
}

/** Posts events over kept-alive connections. */
export interface HttpClient {
  /** Answers whatever the server says. Throws UnansweredError, and the signal's reason once that is aborted. */
  post(post: Post): Promise<Answer>;
  close(): void;
}

export interface HttpClientOptions {
  /** Connections at once to each server. */
  readonly maxSockets: number;
  /** PEM certificates that https servers are trusted by besides the usual ones. */
  readonly ca?: string;
}

export function createHttpClient({ maxSockets, ca }: HttpClientOptions): HttpClient {
  const http = new HttpAgent({ keepAlive: true, maxSockets });
  const https = new HttpsAgent({ keepAlive: true, maxSockets, ...(ca && { ca }) });

  async function open({ url, headers, body }: Post, signal: AbortSignal): Promise<IncomingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const isSecure = url.startsWith("https:");
    const sent = (isSecure ? httpsRequest : httpRequest)(url, {
      method: "POST",
      headers: { ...headers, "content-length": String(body.byteLength), "user-agent": "account-functions" },
      agent: isSecure ? https : http,
      signal,
    });
    sent.once("response", resolve);
    // A kept-alive connection may be closed by the server just as it is used: nothing was handled, so it is sent again.
    sent.on("error", (error: NodeJS.ErrnoException) =>
      sent.reusedSocket && error.code === "ECONNRESET"
        ? resolve(open({ url, headers, body, timeoutMs: 0 }, signal))
        : reject(error),
    );
    sent.end(body);
    return promise;
  }

  return {
    async post(post) {
      const limit = AbortSignal.timeout(post.timeoutMs);
      try {
        const response = await open(post, post.signal ? AbortSignal.any([post.signal, limit]) : limit);
        const { statusCode: status = 0, headers } = response;
        return { status, headers, body: await bodyOf(response) };
      } catch (cause) {
        post.signal?.throwIfAborted();
        const why = limit.aborted ? `no answer within ${post.timeoutMs / 1000} s` : messageOf(cause);
        throw new UnansweredError(`posting to ${post.url}: ${why}`, { cause });
      }
    },
    close() {
      http.destroy();
      https.destroy();
    },
  };
}

async function bodyOf(response: IncomingMessage): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > eventLimits.bytes) throw new Error(`the answer is larger than ${eventLimits.bytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
