import type { CloudEvent } from "../../shared/event.ts";
import { MalformedEventError } from "../../shared/event-codec.ts";
import { encodeHeaderValue } from "../../shared/header-value.ts";
import { batchContent, httpContent, type Mode, UnsupportedEventError } from "../../shared/http-event.ts";

/** What is answered to a request, whichever server sends it. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | string;
}

/** How a request ended; the first in this list speaks for all functions that took the event. */
export const outcomes = ["retry", "failed", "requeue", "waiting", "done", "drop"] as const;
export type HttpOutcome = (typeof outcomes)[number];

/** Headers that say what became of the event; the reason is percent-encoded. */
export const outcomeHeader = "account-functions-outcome";
export const reasonHeader = "account-functions-reason";
/** Of a request: which attempt it is, from 1. */
export const attemptHeader = "account-functions-attempt";
export const requeueHeader = "account-functions-requeue-ms";

export interface Ended {
  readonly outcome: HttpOutcome;
  /** Never that of an error which may pass, but to the process that started this one: it would tell internals. */
  readonly reason?: string;
  /** Until the event is to come again, where whoever asked keeps the time. */
  readonly requeueMs?: number;
}

/** Proxies refuse headers that are much longer. */
const maxReason = 500;

export function headersOf({ outcome, reason, requeueMs }: Ended): Record<string, string> {
  return {
    [outcomeHeader]: outcome,
    ...(reason !== undefined && { [reasonHeader]: encodeHeaderValue(reason.slice(0, maxReason).toWellFormed()) }),
    ...(requeueMs !== undefined && { [requeueHeader]: String(Math.round(requeueMs)) }),
  };
}

/** The event is handled; `events` are the facts that the answer brings, one unless it is a batch. */
export function handledAnswer(
  ended: Ended,
  events: readonly CloudEvent[],
  { mode, asBatch }: { readonly mode: Mode; readonly asBatch: boolean },
): Answer {
  const [first] = events;
  if (!first) return { status: 204, headers: headersOf(ended), body: "" };
  const { headers, body } = asBatch ? batchContent(events) : httpContent(first, mode);
  return { status: 200, headers: { ...headersOf(ended), ...headers }, body };
}

/** The event is not handled, and may be sent again: the body is only an id, which the log has too. */
export const failedAnswer = (id: string, ended: Ended = { outcome: "retry" }): Answer => textAnswer(500, id, ended);

/** Nobody works here now. */
export function unavailable(why: string): Answer {
  const { headers, ...answer } = textAnswer(503, why, { outcome: "retry" });
  return { ...answer, headers: { ...headers, "retry-after": "1" } };
}

/** What is no event, or one in a form that is not taken. Throws what is neither. */
export function refusedAnswer(error: unknown): Answer {
  if (error instanceof UnsupportedEventError) return textAnswer(415, error.message);
  if (error instanceof MalformedEventError) return textAnswer(400, error.message);
  throw error;
}

export function textAnswer(status: number, text: string, ended?: Ended): Answer {
  const headers = { "content-type": "text/plain; charset=utf-8", ...(ended && headersOf(ended)) };
  return { status, headers, body: `${text}\n` };
}
