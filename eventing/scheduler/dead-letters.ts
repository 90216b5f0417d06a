import type { CloudEvent } from "../../shared/event.ts";
import type { Log } from "../../shared/function.ts";
import type { Metrics } from "../../shared/metrics.ts";
import type { DeadLetter } from "../bus/dead-letter.ts";
import { eventFields } from "../event-fields.ts";

/** Told of an event that could not be delivered; `name` is the function whose it was, where the address said so. */
export type OnDeadLetter = (event: CloudEvent, name: string | undefined) => void;

interface Options {
  /** Names of those that there are. */
  readonly functions: ReadonlySet<string>;
  readonly log: Log;
  readonly metrics: Metrics;
}

const longest = 1024;

/** Counts dead letters of a Broker as those of our own bus are counted, and writes a line of each: a Broker forgets what
 *  it has handed over. */
export function tellDeadLetters({ functions, log, metrics }: Options): OnDeadLetter {
  return (event, name) => {
    const { knativeerrordest: dest, knativeerrorcode: code, knativeerrordata: data } = event as Partial<DeadLetter>;
    const known = [name, dest].find((each) => each !== undefined && functions.has(each)) ?? "other";
    metrics.events.handled.inc({ function: known, outcome: "dead" });
    const { trace, ...about } = eventFields(event);
    const fields = {
      function: known,
      ...about,
      account: event.accountkey,
      outcome: "dead",
      ...(dest !== undefined && { dest }),
      ...(code !== undefined && { code }),
      ...(data !== undefined && { reason: String(data).slice(0, longest) }),
      ...(trace !== undefined && { trace }),
    };
    log.error(fields, "the broker gave up an event");
  };
}
