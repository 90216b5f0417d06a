import type { JsMsg } from "@nats-io/jetstream";
import { headers, type MsgHdrs } from "@nats-io/transport-node";
import type { CloudEvent } from "../../shared/event.ts";
import { encodeEvent, structuredJson } from "../../shared/event-codec.ts";
import type { Delivery, Failure } from "./bus.ts";
import { deadLetter } from "./dead-letter.ts";
import type { JetStreamLink } from "./jetstream-link.ts";
import type { Subjects } from "./subjects.ts";

export interface Receipt {
  readonly link: JetStreamLink;
  readonly subjects: Subjects;
  readonly function: string;
  readonly partition: number;
  /** Of the product. */
  readonly version: string | undefined;
  readonly message: JsMsg;
  readonly deliver: (delivery: Delivery) => void;
  /** The stream that the message came from. */
  readonly incarnation: string;
  /** Tells the messages of two streams apart that have the same number; empty where there is one. */
  readonly mark: string;
  /** Makes room for a further message. */
  release(): void;
}

const ackLimitMs = 5_000;
/** nats-server serves schedules four times a second. */
const shortestScheduleMs = 250;

/** The event of one message, with the ways to end it. */
export function createDelivery(event: CloudEvent, receipt: Receipt): Delivery {
  const { link, message } = receipt;
  return {
    event,
    attempt: message.info.deliveryCount,
    ack: (how) =>
      settle(receipt, async () => (how === "unconfirmed" ? isCurrent(receipt) && message.ack() : ack(receipt))),
    retry: (ms) => settle(receipt, async () => isCurrent(receipt) && message.nak(ms)),
    requeue: async (ms) =>
      ms < shortestScheduleMs ? postpone(event, receipt, ms) : settle(receipt, () => requeue(event, receipt, ms)),
    deadLetter: (failure) => bury(event, receipt, failure),
    extend() {
      if (isCurrent(receipt) && !link.nc.isClosed()) message.working();
    },
  };
}

/** Stores the event among the dead letters of the function, then ends the message. */
export function bury(event: CloudEvent, receipt: Receipt, failure: Failure): Promise<void> {
  const { link, subjects, message, function: name, version } = receipt;
  const letter = deadLetter(event, { ...failure, function: name, attempt: message.info.deliveryCount, version });
  const body = encodeEvent(letter);
  const msgID = `${name}/${receipt.incarnation}/${receipt.mark}${message.seq}`;
  return settle(receipt, async () => {
    await link.request(() => link.js.publish(subjects.deadLetters(name), body, { headers: structured(), msgID }));
    if (isCurrent(receipt)) message.term(failure.reason.replace(/[^\x20-\x7e]/g, " "));
  });
}

/** In a stream made anew the same sequence is another event, which the end of this one must not end. */
const isCurrent = ({ link, incarnation }: Receipt): boolean => incarnation === link.incarnation;

async function ack(receipt: Receipt): Promise<void> {
  if (isCurrent(receipt)) await receipt.message.ackAck({ timeout: ackLimitMs });
}

/** Keeps the message here meanwhile: unsettled, it comes again too when this process ends. */
function postpone(event: CloudEvent, receipt: Receipt, ms: number): void {
  setTimeout(() => receipt.deliver(createDelivery(event, receipt)), ms);
}

async function requeue(event: CloudEvent, receipt: Receipt, ms: number): Promise<void> {
  const { link, subjects, message, function: name, partition } = receipt;
  const schedule = { specification: new Date(Date.now() + ms), target: subjects.retry(name, partition) };
  const subject = subjects.later(name, partition, `${receipt.mark}${message.seq}`);
  const copy = encodeEvent(event);
  // Without a message id: the server would take the copy for a duplicate.
  await link.request(() => link.js.publish(subject, copy, { headers: structured(), schedule }));
  await ack(receipt);
}

async function settle(receipt: Receipt, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } finally {
    receipt.release();
  }
}

/** Headers of an event in structured JSON. */
export function structured(): MsgHdrs {
  const result = headers();
  result.set("content-type", structuredJson);
  return result;
}
