import { DeliverPolicy, type JsMsg, type OrderedConsumerOptions } from "@nats-io/jetstream";
import type { CloudEvent } from "../../shared/event.ts";
import { decodeEvent, MalformedEventError } from "../../shared/event-codec.ts";
import type { HistoryOptions, StoredEvent } from "./bus.ts";
import type { JetStreamLink } from "./jetstream-link.ts";

export interface Range {
  readonly stream: string;
  readonly subject: string;
  readonly consumer?: Partial<OrderedConsumerOptions>;
  /** Waits for further messages instead of ending at the newest. */
  readonly follow?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Messages in their order, over reconnections, without changing anything for others. */
export async function* readMessages(link: JetStreamLink, range: Range): AsyncGenerator<JsMsg> {
  const { stream, subject, follow = false, signal } = range;
  if (signal?.aborted) return;
  const consumer = await link.js.consumers.get(stream, { filter_subjects: subject, ...range.consumer });
  try {
    const { num_pending: pending } = await consumer.info(true);
    if (pending === 0 && !follow) return;
    const messages = await consumer.consume();
    const stop = () => messages.stop();
    signal?.addEventListener("abort", stop);
    try {
      for await (const message of messages) {
        yield message;
        if (message.info.pending === 0 && !follow) return;
      }
    } finally {
      signal?.removeEventListener("abort", stop);
      await messages.close();
    }
  } finally {
    // Else it stays on the server for minutes; when that fails, so be it.
    await consumer.delete().catch(() => {});
  }
}

/** The events below a subject; what is no event is passed over. */
export async function* readEvents(
  link: JetStreamLink,
  where: Pick<Range, "stream" | "subject">,
  options: HistoryOptions = {},
): AsyncGenerator<StoredEvent> {
  const { follow = false, fromSequence, since, signal } = options;
  const consumer = startAt(fromSequence, since);
  for await (const message of readMessages(link, { ...where, consumer, follow, signal })) {
    if (since && message.time < since) continue;
    const event = eventOf(message);
    if (event) yield { sequence: message.seq, event };
  }
}

/** Where a consumer begins. */
export function startAt(fromSequence: number | undefined, since: Date | undefined): Partial<OrderedConsumerOptions> {
  if (fromSequence !== undefined && fromSequence > 1) {
    return { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: fromSequence };
  }
  if (since) return { deliver_policy: DeliverPolicy.StartTime, opt_start_time: since.toISOString() };
  return { deliver_policy: DeliverPolicy.All };
}

function eventOf(message: JsMsg): CloudEvent | undefined {
  try {
    return decodeEvent({ body: message.data, headers: headersOf(message) });
  } catch (error) {
    if (error instanceof MalformedEventError) return undefined;
    throw error;
  }
}

/** Header names and values of a message. */
export function headersOf({ headers }: JsMsg): readonly (readonly [string, string])[] {
  return headers ? headers.keys().map((name) => [name, headers.get(name)] as const) : [];
}
