import type { CloudEvent } from "../../shared/event.ts";
import type { Sink } from "./sink.ts";

export interface ReplyOptions {
  /** Where events go that are not the answer. */
  readonly sink: Sink | undefined;
  /** Whoever asked takes all events in the answer. */
  readonly takesBatch: boolean;
}

/** The facts of one request: an answer holds one event, and those before it go to the sink
 *  (spec/functions-and-events.md, section 5). */
export class Reply {
  readonly takesBatch: boolean;
  readonly #sink: Sink | undefined;
  #held: readonly CloudEvent[] = [];

  constructor({ sink, takesBatch }: ReplyOptions) {
    this.#sink = sink;
    this.takesBatch = takesBatch;
  }

  /** What the answer brings. */
  get events(): readonly CloudEvent[] {
    return this.#held;
  }

  /** Keeps the last one for the answer. Throws when the others are not taken, and without a sink for them. */
  async hold(facts: readonly CloudEvent[]): Promise<void> {
    const all = [...this.#held, ...facts];
    if (this.takesBatch || all.length <= 1) {
      this.#held = all;
      return;
    }
    if (!this.#sink) {
      throw new Error(
        `there are ${all.length} events to tell and an answer holds one: set K_SINK to where events go, as the URL of a Broker`,
      );
    }
    await this.#sink(all.slice(0, -1));
    this.#held = all.slice(-1);
  }

  /** Tells a fact beside an answer that is none, where there is a sink. */
  async tell(event: CloudEvent): Promise<void> {
    if (this.#sink && !this.takesBatch) await this.#sink([event]);
    else await this.hold([event]);
  }
}
