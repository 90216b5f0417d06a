import {
  AckPolicy,
  DeliverPolicy,
  DiscardPolicy,
  type JetStreamClient,
  type JetStreamManager,
  type JsMsg,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
} from "@nats-io/jetstream";
import { connect, headers, nanos } from "@nats-io/transport-node";
import { headersOf } from "../../eventing/bus/jetstream-read.ts";
import { Slots } from "../../eventing/bus/slots.ts";
import type { CloudEvent } from "../../shared/event.ts";
import { decodeEvent, encodeEvent, structuredJson } from "../../shared/event-codec.ts";
import { encodeHeaderValue } from "../../shared/header-value.ts";
import { isSuccess } from "./deliver.ts";
import { type Rules, rulesOf } from "./delivery-rules.ts";
import { checkFilters, wants } from "./filters.ts";
import { letterOf } from "./letter.ts";
import { type BrokerSpec, brokerKey, type TriggerSpec } from "./objects.ts";
import { type Attempt, attempt, type SubscriberOptions } from "./subscriber.ts";
import type { Told, Transport } from "./transport.ts";

export interface NatsOptions extends SubscriberOptions {
  readonly url: string;
  readonly told?: Told;
}

/** Deliveries at once to one Trigger. */
const width = 10;
const fetchMs = 5_000;
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
      pumps.set(trigger.uid, new Pump({ ...options, js, trigger, rules, reply, stream: streamOf(key) }));
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

interface PumpOptions extends NatsOptions {
  readonly js: JetStreamClient;
  readonly stream: string;
  readonly trigger: TriggerSpec;
  readonly rules: Rules;
  readonly reply: (event: CloudEvent) => Promise<number>;
}

/** Brings the messages of one consumer to one subscriber. */
class Pump {
  readonly stream: string;
  readonly uid: string;
  readonly #options: PumpOptions;
  readonly #stopping = new AbortController();
  readonly #slots: Slots;
  readonly #ended: Promise<void>;
  readonly #working = new Set<Promise<void>>();

  constructor(options: PumpOptions) {
    this.#options = options;
    this.stream = options.stream;
    this.uid = options.trigger.uid;
    this.#slots = new Slots(options.trigger.isOrdered ? 1 : width);
    this.#ended = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error("stopping"));
    this.#slots.wake();
    await this.#ended;
    await Promise.all(this.#working);
  }

  async #run(): Promise<void> {
    const { js } = this.#options;
    const isStopping = () => this.#stopping.signal.aborted;
    while (!isStopping()) {
      try {
        await this.#slots.available();
        if (isStopping()) return;
        const consumer = await js.consumers.get(this.stream, consumerOf(this.uid));
        const batch = await consumer.fetch({ max_messages: this.#slots.free, expires: fetchMs });
        this.#stopping.signal.addEventListener("abort", () => void batch.close(), { once: true });
        for await (const message of batch) {
          const release = this.#slots.take();
          const working = this.#handle(message).finally(() => {
            release();
            this.#working.delete(working);
          });
          this.#working.add(working);
        }
      } catch {
        if (!isStopping()) await new Promise((resolve) => setTimeout(resolve, 250));
      }
    }
  }

  async #handle(message: JsMsg): Promise<void> {
    const { trigger } = this.#options;
    try {
      const event = decodeEvent({ body: message.data, headers: headersOf(message) });
      if (!wants(trigger, event)) message.ack();
      else await this.#deliver(event, message);
    } catch {
      // Stopping, or no event at all.
      if (!this.#stopping.signal.aborted) message.term();
    }
  }

  async #deliver(event: CloudEvent, message: JsMsg): Promise<void> {
    const { rules, trigger, told } = this.#options;
    const attempted = await this.#attempt(event, trigger.subscriberUri, true);
    const tell = (ended: string) => told?.({ trigger: trigger.name, event, ended });
    if (isSuccess(attempted.status)) {
      // A reply that is no event is passed over. One that cannot be stored makes the delivery fail.
      if (attempted.reply && !isSuccess(await this.#options.reply(attempted.reply))) message.nak(250);
      else {
        message.ack();
        tell("delivered");
      }
      return;
    }
    const tries = message.info.deliveryCount;
    const isLast = tries > rules.retry;
    if (rules.isRetryable(attempted.status) && !isLast) {
      message.nak(rules.pauseMs(tries - 1, attempted.retryAfter, Date.now()));
      return;
    }
    tell(await this.#bury(event, attempted));
    message.term();
  }

  async #bury(event: CloudEvent, failed: Attempt): Promise<string> {
    const { rules, trigger } = this.#options;
    if (rules.deadLetterUri === undefined) return "dropped";
    const destination = trigger.subscriberUri;
    const letter = letterOf(event, { destination, code: failed.status ?? 500, body: failed.body });
    const sent = await this.#attempt(letter, rules.deadLetterUri, false);
    return isSuccess(sent.status) ? "dead letter" : "dropped";
  }

  #attempt(event: CloudEvent, uri: string, prefersReply: boolean): Promise<Attempt> {
    const { mode, timeoutMs } = this.#options.rules;
    return attempt(event, { uri, mode, timeoutMs, signal: this.#stopping.signal, prefersReply }, this.#options);
  }
}
