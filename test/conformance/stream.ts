import type { IncomingMessage } from "node:http";
import { createInterface } from "node:readline";
import { at, type Json, statusText, textAt } from "./answer.ts";
import { neutral } from "./neutral.ts";

/** What a watch says. */
export interface Event {
  readonly type: string;
  readonly object: Json;
}

/** The events of one watch, in their order. */
export class Stream implements AsyncDisposable {
  readonly #response: IncomingMessage;
  readonly #lines: AsyncIterator<string>;

  constructor(response: IncomingMessage) {
    this.#response = response;
    // Cut off by ourselves, or by the server at its end: the lines end as well.
    response.on("error", () => undefined);
    this.#lines = createInterface(response)[Symbol.asyncIterator]();
  }

  /** The next event; `undefined` at the end of the stream. */
  async next(): Promise<Event | undefined> {
    const { value, done } = await this.#lines.next();
    return done ? undefined : JSON.parse(value);
  }

  /** So many events. */
  async take(count: number): Promise<readonly Event[]> {
    const events: Event[] = [];
    while (events.length < count) {
      const event = await this.next();
      if (!event) break;
      events.push(event);
    }
    return events;
  }

  /** Everything until its end. */
  rest(): Promise<readonly Event[]> {
    return this.take(Number.POSITIVE_INFINITY);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#response.destroy();
  }
}

/** One line for each event: its type, and the name of its object or what the server says instead. */
export function told(events: readonly Event[]): string {
  const line = ({ type, object }: Event) => {
    if (at(object, "kind") === "Status") return `${type} ${JSON.stringify(at(object, "code"))} ${statusText(object)}`;
    return `${type} ${at(object, "metadata", "name") === null ? textAt(object, "kind") : textAt(object, "metadata", "name")}`;
  };
  return neutral(events.map(line).join("\n"));
}
