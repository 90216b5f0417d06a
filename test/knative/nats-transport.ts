import {
  AckPolicy,
  DeliverPolicy,
  DiscardPolicy,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
} from "@nats-io/jetstream";
import { connect, headers, nanos } from "@nats-io/transport-node";
import type { CloudEvent } from "../../shared/event.ts";
import { encodeEvent, structuredJson } from "../../shared/event-codec.ts";
import { encodeHeaderValue } from "../../shared/header-value.ts";
import { type Rules, rulesOf } from "./delivery-rules.ts";
import { checkFilters } from "./filters.ts";
import { Pump } from "./nats-pump.ts";
import { type BrokerSpec, brokerKey } from "./objects.ts";
import type { SubscriberOptions } from "./subscriber.ts";
import type { Told, Transport } from "./transport.ts";

export interface NatsOptions extends SubscriberOptions {
  readonly url: string;
  readonly told?: Told;
}

const defaultMaxDeliver = 1;

/** Of a Broker `<namespace>/<name>`. */
export const prefixOf = (broker: string): string => `${broker.replace("/", ".")}._knative_broker`;
export const streamOf = (broker: string): string =>
  `KN_BROKER_${broker.replaceAll("-", "_").replace("/", "__").toUpperCase()}`;
const consumerOf = (uid: string): string => `KN_TRIGGER_${uid.replaceAll("-", "").toUpperCase()}`;

/** A Broker of class NatsJetStreamBroker: its stream on a real NATS, and a durable consumer for each Trigger. */
export async function createNatsTransport(options: NatsOptions): Promise<Transport> {
  const nc = await connect({ servers: options.url, maxReconnectAttempts: -1, reconnectTimeWait: 250 });
  const js = jetstream(nc);
  const jsm = await jetstreamManager(nc);
  const brokers = new Map<string, BrokerSpec>();
  const pumps = new Map<string, Pump>();
  const accept = async (broker: string, event: CloudEvent): Promise<number> => {
    if (!brokers.has(broker)) return 404;
    const named = headers();
    named.set("content-type", structuredJson);
    try {
      const msgID = encodeHeaderValue(event.id);
      await js.publish(`${prefixOf(broker)}.events`, encodeEvent(event), { headers: named, msgID });
      return 202;
    } catch {
      return 500;
    }
  };
  return {
    async setBroker(broker) {
      await ensureStream(jsm, brokerKey(broker));
      brokers.set(brokerKey(broker), broker);
    },
    async removeBroker(key) {
      brokers.delete(key);
      await jsm.streams.delete(streamOf(key)).catch(() => false);
    },
    async setTrigger(trigger) {
      checkFilters(trigger.filters);
      const key = brokerKey({ namespace: trigger.namespace, name: trigger.broker });
      const broker = brokers.get(key);
      if (!broker) throw new Error(`there is no Broker ${key}`);
      await pumps.get(trigger.uid)?.stop();
      const rules = rulesOf("nats", broker, trigger);
      await ensureConsumer(jsm, key, trigger.uid, rules);
      const reply = (event: CloudEvent) => accept(key, event);
      pumps.set(
        trigger.uid,
        new Pump({ ...options, js, trigger, rules, reply, stream: streamOf(key), consumer: consumerOf(trigger.uid) }),
      );
    },
    async removeTrigger(uid) {
      const pump = pumps.get(uid);
      pumps.delete(uid);
      await pump?.stop();
      if (pump) await jsm.consumers.delete(pump.stream, consumerOf(uid)).catch(() => false);
    },
    accept,
    async idle() {
      const isBusy = async (pump: Pump) => {
        const info = await jsm.consumers.info(pump.stream, consumerOf(pump.uid));
        return info.num_pending > 0 || info.num_ack_pending > 0;
      };
      while ((await Promise.all([...pumps.values()].map(isBusy))).some(Boolean)) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    async close() {
      await Promise.all([...pumps.values()].map((pump) => pump.stop()));
      await nc.close();
    },
  };
}

async function ensureStream(jsm: JetStreamManager, broker: string): Promise<void> {
  const name = streamOf(broker);
  const present = await jsm.streams.info(name).catch(() => undefined);
  if (present) return;
  await jsm.streams.add({
    name,
    subjects: [`${prefixOf(broker)}.>`],
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.Old,
    duplicate_window: nanos(120_000),
  });
}

async function ensureConsumer(jsm: JetStreamManager, broker: string, uid: string, rules: Rules): Promise<void> {
  const changeable = { ack_wait: nanos(rules.timeoutMs), max_deliver: rules.retry + defaultMaxDeliver };
  const present = await jsm.consumers.info(streamOf(broker), consumerOf(uid)).catch(() => undefined);
  if (present) {
    await jsm.consumers.update(streamOf(broker), consumerOf(uid), changeable);
    return;
  }
  await jsm.consumers.add(streamOf(broker), {
    ...changeable,
    durable_name: consumerOf(uid),
    filter_subject: `${prefixOf(broker)}.>`,
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.New,
  });
}
