import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import { type Deps, mutateAccount, validateAccount } from "../../functions/validate-account/index.ts";
import {
  BadReviewError,
  decodeReview,
  encodeVerdict,
  type Review,
  type Verdict,
} from "../../functions/validate-account/review.ts";
import type { Log } from "../../shared/function.ts";
import { messageOf } from "../../shared/kcp/errors.ts";
import { type Listening, listen } from "../http-server.ts";
import type { Address } from "../run-config.ts";
import { type CertificateOptions, followCertificate } from "./certificate.ts";

export interface AdmissionOptions {
  readonly address: Address;
  readonly certificate: Omit<CertificateOptions, "log">;
  readonly deps: Deps;
  readonly log: Log;
  readonly metrics: AdmissionMetrics;
}
/** Told of every request, and of every verdict. */
export interface AdmissionMetrics {
  started(webhook: string): void;
  /** `ms` from the request to its answer. */
  answered(webhook: string, code: number, ms: number): void;
  judged(review: Review, verdict: Verdict): void;
}

/** kcp sends an object and what it was before, each of at most 1.5 MiB. */
const maxBytes = 4 * 1024 * 1024;
/** kcp itself does not wait longer for a review, in milliseconds. */
const patienceMs = 10_000;

const judges = {
  "/mutate-core-platform-mesh-io-v1alpha1-account": async (review: Review) => mutateAccount(review),
  "/validate-core-platform-mesh-io-v1alpha1-account": validateAccount,
} as const;
/** The paths of the reference operator, which registrations name. */
export const [mutatePath, validatePath] = Object.keys(judges) as [keyof typeof judges, keyof typeof judges];

interface Answer {
  readonly code: number;
  /** An object is sent as JSON. */
  readonly body: string | object;
}

/** Serves admission reviews of Accounts over HTTPS. Rejects when there is no certificate, or the port is taken. */
export async function serveAdmission(options: AdmissionOptions): Promise<Listening> {
  const { address, log, metrics } = options;
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const path = (request.url ?? "").split("?")[0] ?? "";
    const webhook = path in judges ? path : "other";
    const started = performance.now();
    metrics.started(webhook);
    const { code, body } = await answer(request, path, options).catch((error: unknown) => failure(error, log));
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
    const listening = await listen(server, address, "webhooks-port");
    return {
      port: listening.port,
      async close() {
        certificate.close();
        await listening.close();
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
  { deps, log, metrics }: AdmissionOptions,
): Promise<Answer> {
  const judge = judges[path as keyof typeof judges];
  if (!judge) return { code: 404, body: `use ${Object.keys(judges).join(" or ")}` };
  if (request.method !== "POST") return { code: 405, body: "POST an AdmissionReview" };
  if (!/^application\/json\b/.test(request.headers["content-type"] ?? "")) {
    return { code: 415, body: "send an AdmissionReview as application/json" };
  }
  const review = decodeReview(await bodyOf(request));
  const verdict = await judge(review, deps);
  metrics.judged(review, verdict);
  const { refusal } = verdict;
  if (refusal !== undefined) log.info({ uid: review.uid, user: review.username, refusal }, "refused an Account");
  return { code: 200, body: encodeVerdict(review.uid, verdict) };
}

class TooLargeError extends Error {}
class CutOffError extends Error {}

async function bodyOf(request: IncomingMessage): Promise<Uint8Array> {
  if (Number(request.headers["content-length"]) > maxBytes) throw new TooLargeError();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // Leaving the loop must leave the connection, on which the answer goes out.
  const incoming: AsyncIterable<Uint8Array> = request.iterator({ destroyOnReturn: false });
  try {
    for await (const chunk of incoming) {
      bytes += chunk.byteLength;
      if (bytes > maxBytes) throw new TooLargeError();
      chunks.push(chunk);
    }
  } catch (cause) {
    throw request.destroyed ? new CutOffError("the client has gone", { cause }) : cause;
  }
  return Buffer.concat(chunks);
}

function failure(error: unknown, log: Log): Answer {
  if (error instanceof BadReviewError) return { code: 400, body: error.message };
  if (error instanceof TooLargeError) return { code: 413, body: `a review has at most ${maxBytes} bytes` };
  // Nobody is there to read it; it is no fault of ours either.
  if (error instanceof CutOffError) return { code: 400, body: "the review was cut off" };
  log.error({ err: error }, "a review failed");
  return { code: 500, body: messageOf(error) };
}
