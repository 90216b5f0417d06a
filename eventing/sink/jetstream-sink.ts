import type { JetStreamClient, JetStreamManager } from "@nats-io/jetstream";
import type { Log } from "../../shared/function.ts";
import { brokerOf } from "../bus/broker-prefix.ts";
import { findBrokerStream } from "../bus/broker-stream.ts";
import type { EventSink } from "../bus/bus.ts";
import { checkpointIn } from "../bus/checkpoint.ts";
import type { DurableMap } from "../bus/durable-map.ts";
import { connectTo } from "../bus/jetstream-connect.ts";
import { JetStreamLink } from "../bus/jetstream-link.ts";
import { ensureBucket, jetStreamMap } from "../bus/jetstream-map.ts";
import { overhead, publishing } from "../bus/jetstream-publish.ts";
import { ensureStream } from "../bus/jetstream-stream.ts";
import { namesOf, subjectsOf } from "../bus/subjects.ts";

export interface JetStreamOptions {
  readonly url: string;
  readonly prefix: string;
  readonly log: Log;
}

/** What the source keeps on NATS besides events. */
export interface JetStreamState {
  readonly link: JetStreamLink;
  readonly checkpoint: DurableMap;
  readonly timers: DurableMap;
  close(): Promise<void>;
}

const replicas = 1;
const oneWeek = 7 * 24 * 60 * 60 * 1000;

type Provision = (jsm: JetStreamManager) => Promise<string>;

/** Opens the buckets of the source, and makes them unless they are there. */
export async function openJetStreamState(
  { url, prefix, log }: JetStreamOptions,
  provision: Provision = async () => "",
): Promise<JetStreamState> {
  const nc = await connectTo({ url: url.split(",") });
  try {
    const { checkpoint, timers } = bucketsOf(prefix);
    const link = await JetStreamLink.open(nc, log, async (jsm, js: JetStreamClient) => {
      const incarnation = await provision(jsm);
      await Promise.all([checkpoint, timers].map((bucket) => ensureBucket(js, bucket, replicas)));
      return incarnation;
    });
    const [checkpointMap, timerMap] = await Promise.all([jetStreamMap(link, checkpoint), jetStreamMap(link, timers)]);
    return { link, checkpoint: checkpointMap, timers: timerMap, close: () => nc.close() };
  } catch (error) {
    await nc.close();
    throw error;
  }
}

/** Puts events into the stream of a Broker, or into one of our own where the prefix names no Broker. */
export async function openJetStreamSink(
  options: JetStreamOptions,
): Promise<{ sink: EventSink; state: JetStreamState }> {
  const { prefix } = options;
  const subjects = subjectsOf(prefix);
  const broker = brokerOf(prefix);
  const state = await openJetStreamState(options, (jsm) =>
    broker
      ? findBrokerStream(jsm, broker, prefix)
      : ensureStream(jsm, { stream: namesOf(prefix).events, subjects, maxAgeMs: oneWeek, replicas }),
  );
  const { link } = state;
  const maxBytes = () => (link.nc.info?.max_payload ?? Number.POSITIVE_INFINITY) - overhead;
  const sink: EventSink = {
    get connected() {
      return link.connected;
    },
    publish: publishing({ link, subjects, maxBytes }),
    checkpoint: async () => checkpointIn(state.checkpoint),
    close: () => state.close(),
  };
  return { sink, state };
}

/** Apart from the bucket of a `pm run` with the same prefix, whose events lie elsewhere. */
export function bucketsOf(prefix: string): { readonly checkpoint: string; readonly timers: string } {
  const { checkpoint } = namesOf(`${prefix}.source`);
  return { checkpoint, timers: checkpoint.replace(/checkpoint$/, "timers") };
}
