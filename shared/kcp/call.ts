import { setTimeout as delay } from "node:timers/promises";
import { ApiError, type Call } from "./client.ts";
import { classify, messageOf, UnreachableError } from "./errors.ts";
import { createHttp, type Http, type HttpResponse } from "./http.ts";
import type { Kubeconfig } from "./kubeconfig.ts";

export interface CallOptions {
  readonly config: Pick<Kubeconfig, "server" | "tls" | "headers">;
  /** URLs below which `/clusters/<cluster>` may be served; the server of the kubeconfig unless given. Of several, a 404
   *  or 403 is final only when all say so. */
  readonly basesOf?: (cluster: string) => readonly string[];
  /** Milliseconds for one request; 30,000 unless given. */
  readonly timeoutMs?: number;
  readonly onRequest?: (request: Counted) => void;
  readonly http?: Http;
}
/** One request that was sent, for metrics and budgets. */
export interface Counted {
  readonly verb: Verb;
  readonly method: string;
  readonly host: string;
  /** Plural, with `/status` for that subresource; empty for raw requests. */
  readonly resource: string;
  /** HTTP status, or `<error>` when there was no answer. */
  readonly code: string;
  readonly milliseconds: number;
}
export type Verb = "get" | "list" | "create" | "patch" | "apply" | "delete" | "raw";

/** A request before it is known where it goes. */
export interface Prepared {
  readonly verb: Verb;
  readonly method: string;
  /** Workspace, by id or path; the server itself if there is none. */
  readonly cluster: string | undefined;
  readonly path: string;
  readonly resource: string;
  /** Begins the message of an error. */
  readonly doing: string;
  readonly body?: unknown;
  readonly contentType?: string;
}

/** Sends requests to whichever server has the workspace, and turns every refusal into an ApiError. */
export class Caller {
  readonly #options: CallOptions;
  readonly #http: Http;

  constructor(options: CallOptions) {
    this.#options = options;
    this.#http = options.http ?? createHttp(options.config);
  }

  /** Answers the parsed body. Throws ApiError, UnreachableError, or the signal's reason. */
  async call<T>(prepared: Prepared, { signal }: Call = {}): Promise<T> {
    let failure: unknown = new UnreachableError("no shard serves the API export yet");
    for (const base of this.#bases(prepared.cluster)) {
      try {
        return parse<T>(await this.#send(base, prepared, signal));
      } catch (error) {
        failure = error;
        // One shard does not know the workspaces of another.
        if (!["not-found", "forbidden"].includes(classify(error))) break;
      }
    }
    throw explained(failure, prepared.doing);
  }

  close(): void {
    this.#http.close();
  }

  #bases(cluster: string | undefined): readonly string[] {
    const { basesOf, config } = this.#options;
    return cluster === undefined || !basesOf ? [config.server] : basesOf(cluster);
  }

  async #send(base: string, prepared: Prepared, signal: AbortSignal | undefined): Promise<HttpResponse> {
    const url = `${base}${prepared.cluster === undefined ? "" : `/clusters/${prepared.cluster}`}${prepared.path}`;
    for (let sent = 1; ; sent++) {
      const response = await this.#sendOnce(url, prepared, signal);
      if (response.status !== 429 || sent === maxSent) return response;
      const seconds = Math.min(Number(response.headers["retry-after"]) || 1, maxRetryAfterSeconds);
      await delay(seconds * 1000, undefined, { ...(signal && { signal }) });
    }
  }

  async #sendOnce(url: string, prepared: Prepared, signal: AbortSignal | undefined): Promise<HttpResponse> {
    const { method, verb, resource, body, contentType } = prepared;
    const started = performance.now();
    let code = "<error>";
    try {
      const response = await this.#http.send({
        method,
        url,
        timeoutMs: this.#options.timeoutMs ?? 30_000,
        ...(signal && { signal }),
        ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
        ...(contentType && { contentType }),
      });
      code = String(response.status);
      return response;
    } finally {
      const milliseconds = performance.now() - started;
      this.#options.onRequest?.({ verb, method, resource, code, host: new URL(url).host, milliseconds });
    }
  }
}

/** How often a request is sent that the server has no time for. */
const maxSent = 3;
const maxRetryAfterSeconds = 5;

interface StatusObject {
  readonly message?: string;
  readonly reason?: string;
}

function parse<T>({ status, text }: HttpResponse): T {
  const body = parseJson(text);
  if (status < 400) return body as T;
  const said = (typeof body === "object" && body !== null ? body : {}) as StatusObject;
  // What is no Status object may be a proxy's page: its beginning is enough.
  const message = said.message ?? (text.slice(0, 200).trim() || `HTTP status ${status}`);
  throw new ApiError(message, { code: status, reason: said.reason ?? (status === 404 ? "NotFound" : "Unknown") });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function explained(error: unknown, doing: string): unknown {
  const message = `${doing}: ${messageOf(error)}`;
  if (error instanceof ApiError) return new ApiError(message, error, { cause: error });
  return error instanceof UnreachableError ? new UnreachableError(message, { cause: error }) : error;
}
