import { isoDurationMs } from "./iso-duration.ts";
import type { BrokerKind, BrokerSpec, Delivery, TriggerSpec } from "./objects.ts";

/** How one Trigger's events are delivered. */
export interface Rules {
  /** Attempts after the first. */
  readonly retry: number;
  /** Of one attempt, in milliseconds. */
  readonly timeoutMs: number;
  /** Milliseconds before the n-th attempt after the first, n from 0, given the answer before it. */
  pauseMs(n: number, retryAfter: string | undefined, now: number): number;
  isRetryable(status: number | undefined): boolean;
  readonly mode: "binary" | "structured";
  readonly deadLetterUri: string | undefined;
}

const defaultTimeoutMs = 30_000;

export function rulesOf(kind: BrokerKind, broker: BrokerSpec, trigger: TriggerSpec): Rules {
  const { delivery, deadLetterUri } = effective(kind, broker, trigger);
  const { retry = 0, timeout, retryAfterMax, format } = delivery;
  return {
    retry,
    timeoutMs: timeout === undefined ? defaultTimeoutMs : isoDurationMs(timeout),
    pauseMs: (n, retryAfter, now) => Math.max(backoffMs(delivery, n), heeded(retryAfter, retryAfterMax, now)),
    isRetryable: (status) => status === undefined || retryable[kind](status),
    mode: format === "json" ? "structured" : "binary",
    deadLetterUri,
  };
}

/** What the two Brokers try again. No answer at all is always tried again. */
const retryable: Readonly<Record<BrokerKind, (status: number) => boolean>> = {
  mt: (status) => status >= 500 || [404, 408, 409, 429].includes(status),
  nats: (status) => status >= 500 || [408, 429].includes(status),
};

/** A Trigger that says anything of delivery overrides all that its Broker says; the NATS broker merges field by field. */
function effective(
  kind: BrokerKind,
  broker: BrokerSpec,
  trigger: TriggerSpec,
): { readonly delivery: Delivery; readonly deadLetterUri: string | undefined } {
  if (kind === "nats") {
    const delivery = { ...broker.delivery, ...trigger.delivery };
    return { delivery, deadLetterUri: trigger.deadLetterUri ?? broker.deadLetterUri };
  }
  const { delivery = {}, deadLetterUri } = trigger.delivery ? trigger : broker;
  return { delivery, deadLetterUri };
}

function backoffMs({ backoffPolicy, backoffDelay }: Delivery, n: number): number {
  if (backoffPolicy === undefined || backoffDelay === undefined) return 0;
  return isoDurationMs(backoffDelay) * (backoffPolicy === "exponential" ? 2 ** n : 1);
}

/** Seconds, or a date. */
function heeded(retryAfter: string | undefined, max: string | undefined, now: number): number {
  if (retryAfter === undefined || max === undefined) return 0;
  const asked = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - now;
  return Number.isFinite(asked) ? Math.min(Math.max(0, asked), isoDurationMs(max)) : 0;
}
