import { type HttpClient, UnansweredError } from "../../eventing/http-client.ts";
import type { CloudEvent } from "../../shared/event.ts";
import { MalformedEventError } from "../../shared/event-codec.ts";
import { httpContent, type Mode, readHttpEvent, UnsupportedEventError } from "../../shared/http-event.ts";

/** What came back from one attempt. */
export interface Attempt {
  /** `undefined` without an answer. */
  readonly status: number | undefined;
  readonly body: Uint8Array;
  readonly retryAfter?: string;
  readonly reply?: CloudEvent;
  /** A 2xx with something that is no event. */
  readonly isBroken?: true;
}

export interface SubscriberOptions {
  readonly client: HttpClient;
  /** Where a host is reached that cannot be looked up by its name from here; it is told by the Host header. */
  readonly reach?: (url: URL) => Promise<string | undefined>;
}

export interface Request {
  readonly uri: string;
  readonly mode: Mode;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Replies are welcome: said to subscribers, not to dead-letter sinks. */
  readonly prefersReply: boolean;
}

/** Posts one event once. Rejects only when the signal is aborted. */
export async function attempt(event: CloudEvent, request: Request, options: SubscriberOptions): Promise<Attempt> {
  const { client, reach } = options;
  const { uri, mode, timeoutMs, signal, prefersReply } = request;
  const content = httpContent(event, mode);
  const target = new URL(uri);
  const headers = { ...content.headers, host: target.host, ...(prefersReply && { prefer: "reply" }) };
  try {
    const base = await reach?.(target);
    const url = base === undefined ? uri : new URL(target.pathname + target.search, base).href;
    const answer = await client.post({ url, headers, body: content.body, timeoutMs, signal });
    const retryAfter = answer.headers["retry-after"];
    const common = { status: answer.status, body: answer.body, ...(retryAfter && { retryAfter }) };
    const named = Object.entries(answer.headers).map(([name, value]) => [name, String(value)] as const);
    return { ...common, ...contentOf(answer.status, named, answer.body) };
  } catch (error) {
    if (!(error instanceof UnansweredError)) throw error;
    return { status: undefined, body: new TextEncoder().encode(`dispatch error: ${error.message}`) };
  }
}

function contentOf(
  status: number,
  headers: readonly (readonly [string, string])[],
  body: Uint8Array,
): Pick<Attempt, "reply" | "isBroken"> {
  if (status < 200 || status > 299) return {};
  const isEmpty = body.byteLength === 0 && !headers.some(([name]) => name === "ce-specversion");
  if (isEmpty) return {};
  try {
    const reply = readHttpEvent({ headers, body }).event;
    // 202 says that an event that comes with it is no reply.
    return status === 202 ? {} : { reply };
  } catch (error) {
    if (error instanceof MalformedEventError || error instanceof UnsupportedEventError) return { isBroken: true };
    throw error;
  }
}
