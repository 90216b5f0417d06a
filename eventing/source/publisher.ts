import type { CloudEvent } from "../../shared/event.ts";
import type { Log } from "../../shared/function.ts";
import { messageOf } from "../../shared/kcp/errors.ts";
import { type Bus, EventTooLargeError } from "../bus/bus.ts";
import { type Pace, pause } from "./backoff.ts";

export interface PublisherOptions extends Pace {
  readonly bus: Pick<Bus, "publish">;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Puts events on the bus, however long the bus is down. */
export class Publisher {
  readonly #options: PublisherOptions;

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  /** Resolves once the bus has stored the event, without its data if it is too large with them. */
  async publish(event: CloudEvent): Promise<void> {
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
