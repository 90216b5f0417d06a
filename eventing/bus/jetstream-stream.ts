import {
  AckPolicy,
  type ConsumerConfig,
  type ConsumerInfo,
  DeliverPolicy,
  DiscardPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
  type StreamInfo,
} from "@nats-io/jetstream";
import { nanos } from "@nats-io/transport-node";
import type { RecordBounds } from "./archive.ts";
import { ackWaitMs, duplicateWindowMs, type Subscription } from "./bus.ts";
import type { Subjects } from "./subjects.ts";

export interface StreamOptions {
  /** What we make: for the retries and dead letters, and for the events unless they are elsewhere. */
  readonly stream: string;
  readonly subjects: Subjects;
  readonly maxAgeMs: number;
  readonly replicas: number;
  /** Where the events are: a Broker's stream, or the same one. */
  readonly eventStream: string;
}

const streamExists = 10058;
const consumerExists = 10148;
/** Of one consumer, those that wait for their next try included: many that fail must not hold up the others. */
const maxUnsettled = 1000;

/** Makes the stream or changes it to these settings; answers when it was created. */
export async function ensureStream(
  jsm: JetStreamManager,
  options: Omit<StreamOptions, "eventStream">,
): Promise<string> {
  const changeable = {
    subjects: [...options.subjects.all],
    max_age: nanos(options.maxAgeMs),
    duplicate_window: nanos(duplicateWindowMs),
    discard: DiscardPolicy.Old,
    num_replicas: options.replicas,
    allow_msg_schedules: true,
  };
  const { created, config } = await addOrUpdate(jsm, options.stream, changeable);
  // An older server ignores what it does not know, and would keep every requeued event for itself.
  if (!config.allow_msg_schedules) throw new Error("nats-server 2.12 or later is needed, for scheduled messages");
  return created;
}

/** The stream of recordings is bounded by age and bytes; both change with the flags. */
export interface RecordStreamOptions extends RecordBounds {
  readonly stream: string;
  readonly subjects: Subjects;
  readonly replicas: number;
}

/** The same for the recordings. */
export async function ensureRecordStream(jsm: JetStreamManager, options: RecordStreamOptions): Promise<void> {
  await addOrUpdate(jsm, options.stream, {
    subjects: [options.subjects.recordings],
    max_age: nanos(options.maxAgeMs),
    max_bytes: options.maxBytes,
    duplicate_window: nanos(Math.min(duplicateWindowMs, options.maxAgeMs)),
    discard: DiscardPolicy.Old,
    num_replicas: options.replicas,
  });
}

async function addOrUpdate(
  jsm: JetStreamManager,
  name: string,
  changeable: Partial<StreamConfig>,
): Promise<StreamInfo> {
  const fixed = { name, retention: RetentionPolicy.Limits, storage: StorageType.File };
  try {
    return await jsm.streams.add({ ...fixed, ...changeable });
  } catch (error) {
    if (!isApiError(error, streamExists)) throw error;
    return await jsm.streams.update(name, changeable);
  }
}

/** Makes the consumer or changes it to this configuration. */
export async function ensureConsumer(
  jsm: JetStreamManager,
  stream: string,
  config: Partial<ConsumerConfig>,
): Promise<ConsumerInfo> {
  try {
    return await jsm.consumers.add(stream, config);
  } catch (error) {
    if (!isApiError(error, consumerExists)) throw error;
    return await jsm.consumers.update(stream, config.durable_name ?? "", config);
  }
}

export const isStreamMissing = (error: unknown): boolean => isApiError(error, JetStreamApiCodes.StreamNotFound);

const isApiError = (error: unknown, code: number): boolean => error instanceof JetStreamApiError && error.code === code;

export interface PlacedConsumer {
  readonly stream: string;
  readonly config: Partial<ConsumerConfig>;
}

/** The durable consumer of one function and partition, or two where events and retries are in different streams. It has
 *  no limit of deliveries, since what exceeds one would vanish: the dispatcher decides when to give up. One that nobody
 *  uses for as long as the history lasts, say of a function that is no more, is removed by the server. */
export function consumersOf(
  { function: name, on }: Subscription,
  partition: number,
  { subjects, maxAgeMs, stream, eventStream }: StreamOptions,
): readonly PlacedConsumer[] {
  const config = (filter_subjects: string[]): Partial<ConsumerConfig> => ({
    durable_name: `${name}-${partition}`,
    filter_subjects,
    deliver_policy: DeliverPolicy.All,
    ack_policy: AckPolicy.Explicit,
    ack_wait: nanos(ackWaitMs),
    max_deliver: -1,
    max_ack_pending: maxUnsettled,
    inactive_threshold: nanos(maxAgeMs),
  });
  const all = subjects.consumed(name, on, partition);
  if (eventStream === stream) return [{ stream, config: config(all) }];
  const retries = [subjects.retry(name, partition)];
  const events = all.filter((subject) => !retries.includes(subject));
  return [
    { stream: eventStream, config: config(events) },
    { stream, config: config(retries) },
  ];
}
