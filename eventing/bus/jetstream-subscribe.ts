import type { CloudEvent } from "../../shared/event.ts";
import { decodeEvent } from "../../shared/event-codec.ts";
import type { Log } from "../../shared/function.ts";
import type { Consumption, Delivery, Subscription } from "./bus.ts";
import { malformed } from "./dead-letter.ts";
import { openConsumer } from "./jetstream-consumer.ts";
import { bury, createDelivery, type Receipt } from "./jetstream-delivery.ts";
import type { JetStreamLink } from "./jetstream-link.ts";
import { headersOf } from "./jetstream-read.ts";
import { consumersOf, type PlacedConsumer, type StreamOptions } from "./jetstream-stream.ts";
import { partitions } from "./subjects.ts";

export interface Receiver {
  readonly link: JetStreamLink;
  readonly settings: StreamOptions;
  readonly log: Log;
  readonly subscription: Subscription;
  readonly deliver: (delivery: Delivery) => void;
  readonly version: string | undefined;
}

/** Opens the consumers of all partitions at once. */
export async function subscribe(receiver: Receiver): Promise<Consumption> {
  const every = Array.from({ length: partitions }, (_, partition) => partition);
  const consumers = await Promise.all(
    every.flatMap((partition) =>
      consumersOf(receiver.subscription, partition, receiver.settings).map((placed) =>
        open(receiver, partition, placed),
      ),
    ),
  );
  return {
    async stop() {
      await Promise.all(consumers.map((consumer) => consumer.stop()));
    },
  };
}

function open(
  receiver: Receiver,
  partition: number,
  { stream, config }: PlacedConsumer,
): ReturnType<typeof openConsumer> {
  const { link, settings, log, subscription } = receiver;
  const { deliver, version } = receiver;
  const mark = stream === settings.stream ? "" : "event-";
  const common = {
    mark,
    link,
    subjects: settings.subjects,
    function: subscription.function,
    partition,
    deliver,
    version,
  };
  return openConsumer({
    ...{ link, log, config, stream },
    maxInFlight: Math.ceil(subscription.maxInFlight / partitions),
    handle: (message, incarnation, release) => receive(receiver, stream, { ...common, message, incarnation, release }),
  });
}

function receive(receiver: Receiver, stream: string, receipt: Receipt): void {
  const { message } = receipt;
  let event: CloudEvent;
  try {
    event = decodeEvent({ body: message.data, headers: headersOf(message) });
  } catch (error) {
    void refuse(receiver.log, stream, receipt, error instanceof Error ? error.message : String(error));
    return;
  }
  receiver.deliver(createDelivery(event, receipt));
}

/** A message that is no event will never be one. */
async function refuse(log: Log, stream: string, receipt: Receipt, reason: string): Promise<void> {
  const { message, function: name } = receipt;
  const origin = { stream, sequence: message.seq, subject: message.subject };
  log.error({ function: name, ...origin, outcome: "dead", reason }, "not an event");
  try {
    await bury(malformed(origin, message.data), receipt, { code: 400, reason });
  } catch (error) {
    log.warn({ err: error, ...origin }, "not stored among the dead letters, comes again");
  }
}
