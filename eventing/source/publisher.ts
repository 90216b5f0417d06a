import type { CloudEvent } from "../../shared/event.ts";
import type { Log } from "../../shared/function.ts";
import { messageOf } from "../../shared/kcp/errors.ts";
import { type EventSink, EventTooLargeError } from "../bus/bus.ts";
import { orderKey } from "../bus/subjects.ts";
import { type Pace, pause } from "./backoff.ts";
import { Turns } from "./turns.ts";

export interface PublisherOptions extends Pace {
  readonly bus: Pick<EventSink, "publish">;
  /** Of one account the next event goes out only after the last is stored, over all kinds. */
  readonly inOrder?: boolean;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Puts events on the bus, however long the bus is down. */
export class Publisher {
  readonly #options: PublisherOptions;
  readonly #turns = new Turns(Number.POSITIVE_INFINITY);

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  /** Resolves once the bus has stored the event, without its data if it is too large with them. */
  async publish(event: CloudEvent): Promise<void> {
    if (!this.#options.inOrder) return this.#publish(event);
    await this.#turns.take(orderKey(event), () => this.#publish(event)).done;
  }

  async #publish(event: CloudEvent): Promise<void> {
    const { bus, signal } = this.#options;
    await this.persist(`publishing ${event.id}`, async () => {
      try {
        await bus.publish(event, signal);
      } catch (error) {
        if (!(error instanceof EventTooLargeError) || event.data === undefined) throw error;
        const { data, datacontenttype, ...attributes } = event;
        await bus.publish({ ...attributes, dataomitted: "true" }, signal);
      }
    });
  }

  /** Repeats until it succeeds. Rejects only when the signal is aborted. */
  async persist<T>(what: string, work: () => Promise<T>): Promise<T> {
    const { log, signal } = this.#options;
    for (let failures = 1; ; failures++) {
      try {
        return await work();
      } catch (error) {
        signal.throwIfAborted();
        log.warn({ error: messageOf(error), failures }, what);
        await pause(this.#options, failures, signal);
      }
    }
  }
}
