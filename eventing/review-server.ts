import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { Log } from "../shared/function.ts";
import { messageOf } from "../shared/kcp/errors.ts";
import { BadReviewError } from "../shared/review.ts";
import { type CertificateOptions, followCertificate } from "./certificate.ts";
import { closeGently, type Listening, listen } from "./http-server.ts";
import { bodyOf, CutOffError, TooLargeError } from "./request-body.ts";
import type { Address } from "./run-config.ts";

export interface ReviewServerOptions {
  readonly address: Address;
  /** Flag that names another port. */
  readonly portFlag: string;
  readonly certificate: Omit<CertificateOptions, "log">;
  /** What is posted, with its article: "an AdmissionReview". */
  readonly review: string;
  /** By path: takes the body of a review, answers the one that goes back. Throws BadReviewError. */
  readonly judges: Readonly<Record<string, Judge>>;
  /** The most that a review has. */
  readonly maxBytes: number;
  /** A client does not wait longer for its answer, in milliseconds. */
  readonly patienceMs: number;
  readonly log: Log;
  readonly metrics: ReviewMetrics;
}
export type Judge = (body: Uint8Array) => Promise<object>;
/** Told of every request; `webhook` is one of the paths that are served, or "other". */
export interface ReviewMetrics {
  started(webhook: string): void;
  /** `ms` from the request to its answer. */
  answered(webhook: string, code: number, ms: number): void;
}

interface Answer {
  readonly code: number;
  /** An object is sent as JSON. */
  readonly body: string | object;
}

/** Answers reviews that an API server posts over HTTPS. Rejects when there is no certificate, or the port is taken. */
export async function serveReviews(options: ReviewServerOptions): Promise<Listening> {
  const { address, portFlag, judges, patienceMs, log, metrics } = options;
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const path = (request.url ?? "").split("?")[0] ?? "";
    const webhook = Object.hasOwn(judges, path) ? path : "other";
    const started = performance.now();
    metrics.started(webhook);
    const { code, body } = await answer(request, path, options).catch((error: unknown) => failure(error, options));
    const isText = typeof body === "string";
    // What is left of a body that was not read cannot be told from a next request.
    if (!request.complete) response.setHeader("connection", "close");
    response.writeHead(code, { "content-type": isText ? "text/plain; charset=utf-8" : "application/json" });
    response.end(isText ? `${body}\n` : JSON.stringify(body));
    metrics.answered(webhook, code, performance.now() - started);
  };
  const server = createServer((request, response) => void serve(request, response));
  server.requestTimeout = patienceMs;
  server.headersTimeout = patienceMs;
  const certificate = await followCertificate({ ...options.certificate, log }, (pair) => server.setSecureContext(pair));
  server.setSecureContext(certificate.first);
  try {
    const listening = await listen(server, address, portFlag);
    return {
      port: listening.port,
      async close() {
        certificate.close();
        await closeGently(server, listening);
      },
    };
  } catch (error) {
    certificate.close();
    throw error;
  }
}

async function answer(
  request: IncomingMessage,
  path: string,
  { judges, review, maxBytes }: ReviewServerOptions,
): Promise<Answer> {
  const judge = Object.hasOwn(judges, path) ? judges[path] : undefined;
  if (!judge) return { code: 404, body: `use ${Object.keys(judges).join(" or ")}` };
  if (request.method !== "POST") return { code: 405, body: `POST ${review}` };
  if (!/^application\/json\b/.test(request.headers["content-type"] ?? "")) {
    return { code: 415, body: `send ${review} as application/json` };
  }
  return { code: 200, body: await judge(await bodyOf(request, maxBytes)) };
}

function failure(error: unknown, { log, maxBytes }: ReviewServerOptions): Answer {
  if (error instanceof BadReviewError) return { code: 400, body: error.message };
  if (error instanceof TooLargeError) return { code: 413, body: `a review has at most ${maxBytes} bytes` };
  // Nobody is there to read it; it is no fault of ours either.
  if (error instanceof CutOffError) return { code: 400, body: "the review was cut off" };
  log.error({ err: error }, "a review failed");
  return { code: 500, body: messageOf(error) };
}
