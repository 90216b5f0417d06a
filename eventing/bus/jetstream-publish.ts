import { encodeEvent } from "../../shared/event-codec.ts";
import { encodeHeaderValue } from "../../shared/header-value.ts";
import { messageOf } from "../../shared/kcp/errors.ts";
import { type EventSink, EventTooLargeError } from "./bus.ts";
import { structured } from "./jetstream-delivery.ts";
import type { JetStreamLink } from "./jetstream-link.ts";
import type { Subjects } from "./subjects.ts";

/** Room in a message for headers, and for what a dead letter adds to an event, in bytes. */
export const overhead = 16 * 1024;

interface Options {
  readonly link: JetStreamLink;
  readonly subjects: Subjects;
  /** Of an event, as the server takes it now. */
  readonly maxBytes: () => number;
}

/** Puts an event on its subject; one with an id published before is stored once. */
export const publishing =
  ({ link, subjects, maxBytes }: Options): EventSink["publish"] =>
  async (event, signal) => {
    const body = encodeEvent(event);
    if (body.byteLength > maxBytes()) throw new EventTooLargeError(event.id, body.byteLength, maxBytes());
    const subject = subjects.event(event);
    const msgID = encodeHeaderValue(event.id);
    try {
      await link.request(() => link.js.publish(subject, body, { headers: structured(), msgID }), signal);
    } catch (cause) {
      throw new Error(`publishing ${event.id} to ${subject}: ${messageOf(cause)}`, { cause });
    }
  };
