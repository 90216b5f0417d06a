import type { JetStreamClient, JsMsg } from "@nats-io/jetstream";
import { headersOf } from "../../eventing/bus/jetstream-read.ts";
import { Slots } from "../../eventing/bus/slots.ts";
import type { CloudEvent } from "../../shared/event.ts";
import { decodeEvent } from "../../shared/event-codec.ts";
import { isSuccess } from "./deliver.ts";
import type { Rules } from "./delivery-rules.ts";
import { wants } from "./filters.ts";
import { letterOf } from "./letter.ts";
import type { TriggerSpec } from "./objects.ts";
import { type Attempt, attempt, type SubscriberOptions } from "./subscriber.ts";
import type { Told } from "./transport.ts";

/** Deliveries at once to one Trigger. */
const width = 10;
const fetchMs = 5_000;

export interface PumpOptions extends SubscriberOptions {
  readonly told?: Told;
  readonly js: JetStreamClient;
  readonly stream: string;
  readonly consumer: string;
  readonly trigger: TriggerSpec;
  readonly rules: Rules;
  readonly reply: (event: CloudEvent) => Promise<number>;
}

/** Brings the messages of one consumer to one subscriber. */
export class Pump {
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
        const consumer = await js.consumers.get(this.stream, this.#options.consumer);
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
