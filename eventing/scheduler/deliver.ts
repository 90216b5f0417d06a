import type { CloudEvent } from "../../shared/event.ts";
import { httpContent, readHttpEvents } from "../../shared/http-event.ts";
import { messageOf } from "../../shared/kcp/errors.ts";
import { type Answer, type HttpClient, UnansweredError } from "../http-client.ts";
import type { Timer } from "./timer.ts";

/** What became of one delivery. */
export type Delivered =
  | { readonly is: "handled" }
  /** The function answered that it failed. */
  | { readonly is: "refused"; readonly code: number; readonly reason: string }
  /** Nobody answered, which says nothing of the event; or its reply could not be stored. */
  | { readonly is: "unheard"; readonly reason: string };

export interface DeliverOptions {
  readonly client: HttpClient;
  /** Where a function takes events; `{function}` stands for its name. */
  readonly urlTemplate: string;
  /** Puts the function's reply where a Broker would put it. */
  readonly publish: (event: CloudEvent, signal: AbortSignal) => Promise<void>;
  /** Of one delivery, in milliseconds: a function may have to start first. */
  readonly timeoutMs: number;
}

const maxSaid = 200;

/** Hands an event to its function as a Broker does, replies and all. Never rejects. */
export async function deliver(timer: Timer, signal: AbortSignal, options: DeliverOptions): Promise<Delivered> {
  const { client, urlTemplate, timeoutMs } = options;
  const url = urlTemplate.replaceAll("{function}", timer.function);
  const { headers, body } = httpContent(timer.event, "structured");
  try {
    const answer = await client.post({ url, headers: { ...headers, prefer: "reply" }, body, timeoutMs, signal });
    if (answer.status < 200 || answer.status > 299) return refusal(url, answer);
    for (const event of repliesIn(answer)) await options.publish(event, signal);
    return { is: "handled" };
  } catch (error) {
    if (error instanceof NoEventError) return { is: "refused", code: 502, reason: error.message };
    const reason = error instanceof UnansweredError ? error.message : `storing the reply: ${messageOf(error)}`;
    return { is: "unheard", reason };
  }
}

class NoEventError extends Error {
  override name = "NoEventError";
}

function repliesIn({ status, headers, body }: Answer): readonly CloudEvent[] {
  // Accepted means that no reply is to be made of it (data plane, "Derived (Reply) Events").
  if (status === 202) return [];
  try {
    const named = Object.entries(headers).map(([name, value]) => [name, String(value)] as const);
    return readHttpEvents({ headers: named, body });
  } catch (cause) {
    throw new NoEventError(`the reply is no event: ${messageOf(cause)}`, { cause });
  }
}

function refusal(url: string, { status, body }: Answer): Delivered {
  const said = new TextDecoder().decode(body.subarray(0, maxSaid)).trim();
  const reason = `${url} answers ${status}${said && `: ${said}`}`;
  // Draining or overloaded: the event itself was not looked at.
  return [408, 429, 503].includes(status) ? { is: "unheard", reason } : { is: "refused", code: status, reason };
}
