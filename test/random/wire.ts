import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import type { Answer } from "../../embedded/api/answer.ts";
import type { Embedded } from "../../embedded/embedded.ts";
import { StatusError } from "../../embedded/status-error.ts";
import { type Clock, sleep } from "../../eventing/clock.ts";
import { UnreachableError } from "../../shared/kcp/errors.ts";
import type { Http, HttpRequest } from "../../shared/kcp/http.ts";
import type { Refusal } from "./action.ts";

export interface WireOptions {
  readonly embedded: Embedded;
  readonly clock: Clock;
  readonly random: () => number;
}
/** Who sends, and what happens to it. */
export interface Sender {
  readonly token: string;
  /** Milliseconds that a request and its answer take at most. */
  readonly lagMs: number;
  /** The fault that befalls this request. */
  readonly fault?: (request: HttpRequest) => Refusal | undefined;
}
interface Reply {
  readonly status: number;
  readonly text: string;
}

/** HTTP without a network: every delay is of the given clock. */
export class Wire {
  readonly #options: WireOptions;
  readonly #streams = new Set<IncomingMessage>();
  readonly #ends = new Set<() => void>();

  constructor(options: WireOptions) {
    this.#options = options;
  }

  /** What one client sends through. */
  http({ token, lagMs, fault }: Sender): Http {
    const headers = { authorization: `Bearer ${token}` };
    const ask = (request: HttpRequest) => this.#ask(request, headers);
    return {
      send: async (request) => {
        await this.#lag(lagMs, request.signal);
        const befalls = fault?.(request);
        if (befalls === "no answer, not done") throw new UnreachableError("the connection broke");
        const reply = befalls?.startsWith("4") || befalls === "500" ? refusal(befalls) : replyOf(await ask(request));
        await this.#lag(lagMs, request.signal);
        if (befalls === "no answer, done") throw new UnreachableError("the connection broke");
        return { ...reply, headers: {} };
      },
      open: async (request) => {
        await this.#lag(lagMs, request.signal);
        return this.#open(await ask(request), request.signal, lagMs);
      },
      close: () => undefined,
    };
  }

  /** Breaks every watch. */
  cut(): void {
    for (const stream of this.#streams) stream.destroy(new Error("the connection broke"));
  }

  close(): void {
    for (const end of this.#ends) end();
  }

  async #lag(ms: number, signal: AbortSignal | undefined): Promise<void> {
    const { clock, random } = this.#options;
    if (ms > 0) await sleep(clock, 1 + Math.floor(random() * ms), signal ?? new AbortController().signal);
  }

  async #ask({ method, url, body = "", contentType = "application/json" }: HttpRequest, headers: Headers) {
    try {
      const incoming = { method, url: new URL(url), body, headers: { ...headers, "content-type": contentType } };
      return await this.#options.embedded.handle(incoming);
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      return { code: error.code, body: error.toStatus() };
    }
  }

  #open(answer: Answer, signal: AbortSignal | undefined, lagMs: number): IncomingMessage {
    const { clock, random } = this.#options;
    const message = new IncomingMessage(new Socket());
    const push = (text: string | null) => void (message.destroyed || message.push(text));
    message.statusCode = 200;
    if (!("watch" in answer)) {
      const { status, text } = replyOf(answer);
      message.statusCode = status;
      push(text);
      push(null);
      return message;
    }
    this.#streams.add(message);
    const abort = () => message.destroy(new Error("aborted"));
    signal?.addEventListener("abort", abort);
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    message.once("close", () => {
      this.#streams.delete(message);
      signal?.removeEventListener("abort", abort);
      resolve();
    });
    // Lines of one watch keep their order; those of others may overtake them.
    let last = 0;
    const later = (text: string | null) => {
      last = Math.max(last, clock.now() + Math.floor(random() * lagMs));
      clock.after(last - clock.now(), () => push(text));
    };
    answer.watch(
      () => ({ write: (event) => later(`${JSON.stringify(event)}\n`), end: () => later(null), closed }),
      (end) => {
        this.#ends.add(end);
        void closed.then(() => this.#ends.delete(end));
      },
    );
    return message;
  }
}

type Headers = Readonly<Record<string, string>>;

function replyOf(answer: Answer): Reply {
  if ("watch" in answer) throw new Error("a watch where an answer was expected");
  return { status: answer.code, text: "text" in answer ? answer.text : JSON.stringify(answer.body) };
}

const reasons: Readonly<Record<string, string>> = { 403: "Forbidden", 409: "Conflict", 500: "InternalError" };

function refusal(code: string): Reply {
  const status = { kind: "Status", code: Number(code), reason: reasons[code], message: `made up: ${reasons[code]}` };
  return { status: status.code, text: JSON.stringify(status) };
}
