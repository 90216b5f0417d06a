import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import type { CloudEvent } from "../../shared/event.ts";
import { encodeEvent } from "../../shared/event-codec.ts";
import { encodeInvocation } from "../recording/invocation.ts";
import type { Archive } from "./archive.ts";
import type { DeadLetter } from "./dead-letter.ts";
import { structured } from "./jetstream-delivery.ts";
import { ensureRecordStream, ensureStream, isStreamMissing } from "./jetstream-stream.ts";
import { namesOf, subjectsOf } from "./subjects.ts";

/** Something is kept below this prefix already. */
export class PrefixInUseError extends Error {
  override name = "PrefixInUseError";
}

const thirtyDays = 30 * 24 * 60 * 60 * 1000;
const unbounded = -1;

/** Puts what an archive holds below a prefix of NATS that is new, where no function takes it from. Throws
 *  PrefixInUseError; leaves nothing behind when it fails. */
export async function loadHistory(nc: NatsConnection, prefix: string, archive: Archive): Promise<void> {
  const jsm = await jetstreamManager(nc);
  const names = namesOf(prefix);
  for (const name of [names.events, names.recordings]) {
    const found = await jsm.streams.info(name).catch((error: unknown) => {
      if (!isStreamMissing(error)) throw error;
    });
    if (found) throw new PrefixInUseError(`a stream ${name} exists`);
  }
  try {
    await fill(nc, prefix, archive);
  } catch (error) {
    for (const name of [names.events, names.recordings]) await jsm.streams.delete(name).catch(() => {});
    throw error;
  }
}

async function fill(nc: NatsConnection, prefix: string, archive: Archive): Promise<void> {
  const jsm = await jetstreamManager(nc);
  const js = jetstream(nc);
  const names = namesOf(prefix);
  const subjects = subjectsOf(prefix);
  const common = { subjects, maxAgeMs: thirtyDays, replicas: 1 };
  await ensureStream(jsm, { ...common, stream: names.events });
  await ensureRecordStream(jsm, { ...common, stream: names.recordings, maxBytes: unbounded });
  // Without message ids: an event that was stored twice then is stored twice again.
  const store = (subject: string, event: CloudEvent) =>
    js.publish(subject, encodeEvent(event), { headers: structured() });
  for await (const { event } of archive.history()) await store(subjects.event(event), event);
  for await (const { event } of archive.deadLetters()) {
    await store(subjects.deadLetters((event as DeadLetter).knativeerrordest), event);
  }
  for await (const { invocation } of archive.invocations()) {
    await js.publish(subjects.recording(invocation.event, invocation.function), encodeInvocation(invocation));
  }
}
