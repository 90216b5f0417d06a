import { setTimeout as delay } from "node:timers/promises";
import type { Consumer, ConsumerConfig, ConsumerMessages, JsMsg } from "@nats-io/jetstream";
import type { Log } from "../../shared/function.ts";
import type { JetStreamLink } from "./jetstream-link.ts";
import { ensureConsumer, isStreamMissing } from "./jetstream-stream.ts";
import { Slots } from "./slots.ts";

export interface ConsumerOptions {
  readonly link: JetStreamLink;
  readonly stream: string;
  readonly config: Partial<ConsumerConfig>;
  readonly log: Log;
  /** Messages that may be in flight at once. A small number also keeps what the server has sent and nobody has read
   *  yet below the 64 MiB at which it ends the connection. */
  readonly maxInFlight: number;
  /** Gets each message with the incarnation of the stream that it came from, and what to call once it is settled. */
  readonly handle: (message: JsMsg, incarnation: string, release: () => void) => void;
}

/** A pull request stays open so long; an idle server is heard twice as often. Each costs one message per consumer. */
const expiresMs = 60_000;
const retryMs = 500;

/** Takes messages from one durable consumer, which it makes anew whenever it is gone, until stopped. */
export async function openConsumer(options: ConsumerOptions): Promise<{ stop(): Promise<void> }> {
  const { link, log, config, stream, handle } = options;
  const slots = new Slots(options.maxInFlight);
  let made: Made | undefined = await make(options).catch((error: unknown) => {
    log.warn({ err: error, stream, consumer: config.durable_name }, "consumer is not made yet");
    return undefined;
  });
  let pull: ConsumerMessages | undefined;
  let stopped = false;

  const pullOnce = async () => {
    const incarnation = await link.ready();
    made = made?.incarnation === incarnation ? made : await make(options);
    await slots.available();
    if (stopped) return;
    pull = await made.consumer.fetch({
      max_messages: slots.free,
      expires: expiresMs,
      idle_heartbeat: expiresMs / 2,
      bind: true,
    });
    for await (const message of pull) handle(message, incarnation, slots.take());
  };
  const run = async () => {
    while (!stopped && !link.nc.isClosed()) {
      try {
        await pullOnce();
      } catch (error) {
        made = undefined;
        if (stopped || link.nc.isClosed()) return;
        log.warn({ err: error, stream, consumer: config.durable_name }, "no messages from the consumer, made anew");
        if (isStreamMissing(error)) link.lost();
        await delay(retryMs);
      }
    }
  };
  // Else the pull would wait for a server that has forgotten it.
  const forget = link.onDown(() => void pull?.close());
  void run();
  return {
    async stop() {
      stopped = true;
      forget();
      slots.wake();
      await pull?.close();
    },
  };
}

interface Made {
  readonly consumer: Consumer;
  readonly incarnation: string;
}

async function make({ link, stream, config }: ConsumerOptions): Promise<Made> {
  const incarnation = await link.ready();
  const info = await ensureConsumer(link.jsm, stream, config);
  return { incarnation, consumer: link.js.consumers.getConsumerFromInfo(info) };
}
