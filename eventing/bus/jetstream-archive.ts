import { encodeEvent } from "../../shared/event-codec.ts";
import { decodeInvocation } from "../recording/invocation.ts";
import type { Archive, InvocationsOptions, StoredInvocation } from "./archive.ts";
import { structured } from "./jetstream-delivery.ts";
import type { JetStreamLink } from "./jetstream-link.ts";
import { readEvents, readMessages, startAt } from "./jetstream-read.ts";
import { isStreamMissing } from "./jetstream-stream.ts";
import { orderKey, partitionOf, type Subjects } from "./subjects.ts";

export interface JetStreamArchiveOptions {
  readonly link: JetStreamLink;
  readonly subjects: Subjects;
  readonly stream: string;
  /** Where the events are: a Broker's stream, or the same one. */
  readonly eventStream: string;
  readonly recordings: string;
}

/** What NATS keeps below one prefix; makes nothing there. */
export function jetStreamArchive(options: JetStreamArchiveOptions): Omit<Archive, "close"> {
  const { link, subjects, stream, eventStream } = options;
  return {
    history: (bounds) => readEvents(link, { stream: eventStream, subject: subjects.events }, bounds),
    invocations: (which) => readInvocations(options, which),
    deadLetters: (name) => readEvents(link, { stream, subject: subjects.deadLetters(name) }),
    async redeliver(event, functionName) {
      const subject = subjects.retry(functionName, partitionOf(orderKey(event)));
      // Without a message id: the server would take it for a duplicate of the same event's last time here.
      await link.request(() => link.js.publish(subject, encodeEvent(event), { headers: structured() }));
    },
    async dropDeadLetter(sequence) {
      const found = await link.request(() => link.jsm.streams.getMessage(stream, { seq: sequence }));
      if (!found || !isBelow(subjects.deadLetters(), found.subject)) return false;
      return await link.request(() => link.jsm.streams.deleteMessage(stream, sequence, false));
    },
  };
}

async function* readInvocations(
  { link, subjects, recordings: stream }: JetStreamArchiveOptions,
  options: InvocationsOptions = {},
): AsyncGenerator<StoredInvocation> {
  const { accountkey, function: name, follow = false, fromSequence, since, signal } = options;
  const subject = subjects.recordingsOf(accountkey, name);
  try {
    const consumer = startAt(fromSequence, since);
    for await (const message of readMessages(link, { stream, subject, consumer, follow, signal })) {
      if (since && message.time < since) continue;
      const invocation = decodeInvocation(message.data);
      if (accountkey === undefined || invocation.event.accountkey === accountkey)
        yield { sequence: message.seq, invocation };
    }
  } catch (error) {
    // Nothing has ever been recorded here.
    if (!isStreamMissing(error)) throw error;
  }
}

/** `pattern` ends in one token that can be any. */
const isBelow = (pattern: string, subject: string): boolean => subject.startsWith(pattern.slice(0, -1));
