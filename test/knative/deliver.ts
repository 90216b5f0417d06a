import { type Clock, sleep } from "../../eventing/clock.ts";
import type { CloudEvent } from "../../shared/event.ts";
import type { Rules } from "./delivery-rules.ts";
import { letterOf } from "./letter.ts";
import type { TriggerSpec } from "./objects.ts";
import { type Attempt, attempt, type SubscriberOptions } from "./subscriber.ts";

/** How a delivery of one event to one Trigger ended. */
export type Ended = "delivered" | "dead letter" | "dropped";

export interface DeliverOptions extends SubscriberOptions {
  readonly rules: Rules;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Stores a reply in the Broker; answers the status of that. */
  readonly enqueue: (reply: CloudEvent) => Promise<number>;
}

const none = new Uint8Array();

/** Delivers to one subscriber as the multi-tenant Broker does: with retries, the reply's way back, and the dead-letter
 *  sink at the end. Rejects only when the signal is aborted. */
export async function deliver(event: CloudEvent, trigger: TriggerSpec, options: DeliverOptions): Promise<Ended> {
  const { rules } = options;
  const failed = await persist(options, () => toSubscriber(event, trigger, options));
  if (failed === undefined) return "delivered";
  const { deadLetterUri: uri } = rules;
  if (uri === undefined) return "dropped";
  const letter = letterOf(event, { destination: trigger.subscriberUri, code: failed.status ?? 500, body: failed.body });
  const lost = await persist(options, async () => {
    const { mode, timeoutMs } = rules;
    const sent = await attempt(letter, { uri, mode, timeoutMs, signal: options.signal, prefersReply: false }, options);
    return isSuccess(sent.status) ? undefined : sent;
  });
  return lost === undefined ? "dead letter" : "dropped";
}

/** `undefined` once it is done. */
async function toSubscriber(
  event: CloudEvent,
  { subscriberUri: uri }: TriggerSpec,
  options: DeliverOptions,
): Promise<Attempt | undefined> {
  const { rules, signal, enqueue } = options;
  const { mode, timeoutMs } = rules;
  const said = await attempt(event, { uri, mode, timeoutMs, signal, prefersReply: true }, options);
  if (!isSuccess(said.status)) return said;
  // A 2xx with a body that is no event counts as a failure.
  if (said.isBroken) return { status: 502, body: said.body };
  if (!said.reply) return undefined;
  const status = await enqueue(said.reply);
  return isSuccess(status) ? undefined : { status, body: none };
}

async function persist(
  { rules, clock, signal }: DeliverOptions,
  run: () => Promise<Attempt | undefined>,
): Promise<Attempt | undefined> {
  for (let n = 0; ; n++) {
    const failed = await run();
    if (failed === undefined || n >= rules.retry || !rules.isRetryable(failed.status)) return failed;
    await sleep(clock, rules.pauseMs(n, failed.retryAfter, clock.now()), signal);
  }
}

export const isSuccess = (status: number | undefined): boolean => status !== undefined && status >= 200 && status < 300;
