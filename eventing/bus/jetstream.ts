import { setTimeout as delay } from "node:timers/promises";
import type { NodeConnectionOptions } from "@nats-io/transport-node";
import type { Log } from "../../shared/function.ts";
import type { Archive } from "./archive.ts";
import { brokerOf } from "./broker-prefix.ts";
import { findBrokerStream } from "./broker-stream.ts";
import type { Bus } from "./bus.ts";
import { checkpointIn } from "./checkpoint.ts";
import { jetStreamArchive } from "./jetstream-archive.ts";
import { connectTo } from "./jetstream-connect.ts";
import { JetStreamLink } from "./jetstream-link.ts";
import { ensureBucket, jetStreamMap } from "./jetstream-map.ts";
import { overhead, publishing } from "./jetstream-publish.ts";
import { JetStreamRecords } from "./jetstream-records.ts";
import { ensureStream, type StreamOptions } from "./jetstream-stream.ts";
import { subscribe } from "./jetstream-subscribe.ts";
import { namesOf, subjectsOf } from "./subjects.ts";

export interface JetStreamBusOptions {
  /** e.g. `nats://127.0.0.1:4222`. */
  readonly url: string | readonly string[];
  readonly log: Log;
  /** Of the product, for the dead letters. */
  readonly version?: string;
  /** First tokens of all subjects, and name of the stream; `pm` unless given. */
  readonly prefix?: string;
  /** How long the history is kept, in milliseconds; 7 days unless given. */
  readonly maxAgeMs?: number;
  readonly replicas?: number;
  /** Credentials, TLS and the like. */
  readonly connection?: Omit<NodeConnectionOptions, "servers">;
}

const flushLimitMs = 1_000;
const oneDay = 24 * 60 * 60 * 1000;

/** A bus on NATS JetStream: one stream, which is also the history, and a durable consumer per function and partition.
 *  Rejects when NATS cannot be reached; later losses of the connection, or of the stream, are repaired for ever. */
export async function createJetStreamBus(options: JetStreamBusOptions): Promise<Bus & Archive> {
  const { log, version, prefix = "pm", maxAgeMs = 7 * oneDay, replicas = 1 } = options;
  const subjects = subjectsOf(prefix);
  const { events: stream, recordings, checkpoint: bucket } = namesOf(prefix);
  const broker = brokerOf(prefix);
  const settings: StreamOptions = {
    ...{ stream, subjects, maxAgeMs, replicas },
    eventStream: broker?.stream ?? stream,
  };
  const nc = await connectTo(options);
  const link = await JetStreamLink.open(nc, log, async (jsm, js) => {
    // It is the Broker's to make, and we never change it.
    const events = broker && (await findBrokerStream(jsm, broker, prefix));
    await ensureBucket(js, bucket, replicas);
    const work = await ensureStream(jsm, settings);
    return events === undefined ? work : `${events} ${work}`;
  });
  // What the server says is not known while the connection is down.
  let maxPayload = nc.info?.max_payload ?? 0;
  const maxBytes = () => {
    maxPayload = nc.info?.max_payload ?? maxPayload;
    return maxPayload - overhead;
  };

  let records: JetStreamRecords | undefined;

  return {
    ...jetStreamArchive({ ...settings, link, recordings }),
    get connected() {
      return link.connected;
    },
    get maxBytes() {
      return maxBytes();
    },
    publish: publishing({ link, subjects, maxBytes }),
    subscribe: (subscription, deliver) => subscribe({ link, settings, log, subscription, deliver, version }),
    checkpoint: async () => checkpointIn(await jetStreamMap(link, bucket)),
    async records(bounds) {
      records ??= new JetStreamRecords({ link, stream: recordings, subjects, replicas, log, maxBytes }, bounds);
      records.bound(bounds);
      return records;
    },
    async close() {
      await records?.flush();
      // What was settled last is still on its way; without a connection there is nobody to wait for.
      if (link.connected)
        await Promise.race([nc.flush(), delay(flushLimitMs, undefined, { ref: false })]).catch(() => {});
      await nc.close();
    },
  };
}
