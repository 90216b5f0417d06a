import { type CloudEvent, fact } from "../../shared/event.ts";
import type { Delivery, Failure } from "../bus/bus.ts";
import { completeEvents } from "../own-events.ts";
import type { Reply } from "./reply.ts";
import type { Schedule } from "./scheduler.ts";

export interface HttpDeliveryOptions {
  readonly function: string;
  readonly event: CloudEvent;
  readonly attempt: number;
  readonly reply: Reply;
  /** Whoever asked keeps the time without. */
  readonly schedule: Schedule | undefined;
  now(): number;
}

/** One request as a delivery: its ends are those of a bus, and the answer follows from them. */
export class HttpDelivery implements Delivery {
  readonly #options: HttpDeliveryOptions;
  readonly #facts: CloudEvent[] = [];
  /** Until when whoever asked is to bring the event again, in milliseconds. */
  requeueMs: number | undefined;
  /** What failed can never succeed. */
  isTerminal = false;

  constructor(options: HttpDeliveryOptions) {
    this.#options = options;
  }

  get event(): CloudEvent {
    return this.#options.event;
  }

  get attempt(): number {
    return this.#options.attempt;
  }

  /** In place of a bus: facts wait here for the end, since one that fails after them tells none. */
  async publish(event: CloudEvent): Promise<void> {
    this.#facts.push(event);
  }

  ack(): Promise<void> {
    return this.#options.reply.hold(this.#facts);
  }

  /** Whoever sent it does so again, for the answer says that it failed. */
  async retry(): Promise<void> {}

  async requeue(ms: number): Promise<void> {
    const { reply, schedule, function: name, event } = this.#options;
    await schedule?.(name, event, ms);
    await reply.hold(this.#facts);
    if (!schedule) this.requeueMs = ms;
  }

  /** What a retry might cure is the broker's to give up; only what none can is given up here. */
  async deadLetter({ code, reason: message }: Failure): Promise<void> {
    if (code !== 422) return;
    const { reply, function: name, event: cause, now } = this.#options;
    const [failed] = completeEvents([{ type: fact.failed, data: { message } }], { cause, function: name, now: now() });
    if (failed) await reply.tell(failed);
    this.isTerminal = true;
  }

  extend(): void {}
}
