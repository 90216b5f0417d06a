import type { CloudEvent } from "../../shared/event.ts";
import { decodeEvent, MalformedEventError } from "../../shared/event-codec.ts";
import { httpContent, type Mode } from "../../shared/http-event.ts";
import { messageOf } from "../../shared/kcp/errors.ts";
import { CliError, UnreachableError } from "../errors.ts";
import { reasonOf } from "../explain-error.ts";

/** What a deployed function answered. */
export interface Reply {
  readonly url: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds from the request to the end of the answer. */
  readonly ms: number;
  /** The event in the answer, if it has one. */
  readonly event?: CloudEvent;
  /** The beginning of an answer that is no event. */
  readonly text?: string;
}
export interface Posting {
  readonly url: URL;
  readonly mode: Mode;
  /** Milliseconds. */
  readonly timeout: number;
  readonly signal: AbortSignal;
}

/** Hands an event to a deployed function as Knative does. Throws UnreachableError without an answer. */
export async function postEvent(event: CloudEvent, { url, mode, timeout, signal }: Posting): Promise<Reply> {
  const started = performance.now();
  const limit = AbortSignal.timeout(timeout);
  try {
    const request = { method: "POST", redirect: "manual", ...httpContent(event, mode) } as const;
    const response = await fetch(url, { ...request, signal: AbortSignal.any([signal, limit]) });
    const body = new Uint8Array(await response.arrayBuffer());
    const ms = Math.round(performance.now() - started);
    const headers = Object.fromEntries(response.headers);
    return { url: url.href, status: response.status, headers, ms, ...contentOf(body, response.headers) };
  } catch (cause) {
    if (signal.aborted || cause instanceof CliError) throw cause;
    const why = limit.aborted ? `no answer within ${timeout / 1000} s` : (reasonOf(cause) ?? messageOf(rootOf(cause)));
    const next = "is it deployed and ready?  check --url, or allow more time with --timeout";
    throw new UnreachableError("the function does not answer", { where: url.href, why, next, cause });
  }
}

const maxText = 500;

function contentOf(body: Uint8Array, headers: Headers): Pick<Reply, "event" | "text"> {
  if (body.byteLength === 0 && !headers.has("ce-specversion")) return {};
  const isEvent = headers.has("ce-specversion") || headers.get("content-type")?.startsWith("application/cloudevents");
  if (!isEvent) return { text: new TextDecoder().decode(body).slice(0, maxText) };
  try {
    return { event: decodeEvent({ body, headers }) };
  } catch (cause) {
    if (!(cause instanceof MalformedEventError)) throw cause;
    throw new CliError("the function's reply is a broken event", { why: cause.message, cause });
  }
}

function rootOf(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined ? rootOf(error.cause) : error;
}

/** Why an answer is a failure, and what to do; `undefined` when the event is handled (spec/functions-and-events.md,
 *  sections 4 and 5). */
export function failureOf({ status, url, text }: Reply): CliError | undefined {
  if (status >= 200 && status < 300) {
    if (!text?.trim()) return undefined;
    const why = "the answer has a body that is no event: a Knative broker counts that as failed";
    return new CliError("the function did not answer as it should", {
      where: url,
      why,
      next: "reply with an event, or with 204",
    });
  }
  return new CliError(`the function refused the event: ${status}`, {
    where: url,
    ...(text?.trim() && { why: text.trim() }),
    next: nextSteps(status),
  });
}

function nextSteps(status: number): string {
  if (status === 503) return "it is starting, draining or overloaded: try again in a moment";
  if (status >= 500)
    return "its log says why; run the function here to see what it does, without --url and with --dry-run";
  if (status >= 300 && status < 400) return "give the URL that the location header names";
  return (
    { 400: "it takes this for no event: try the other --mode", 404: "check the path of --url; functions listen on /" }[
      status
    ] ?? "a function answers 2xx or 5xx: is --url one, and not a proxy before it?"
  );
}
