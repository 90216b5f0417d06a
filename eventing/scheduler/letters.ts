import type { CloudEvent } from "../../shared/event.ts";
import type { Log } from "../../shared/function.ts";
import type { Metrics } from "../../shared/metrics.ts";
import type { DeadLetter } from "../bus/dead-letter.ts";

export interface LettersOptions {
  /** Names of the functions: labels of metrics are of no others. */
  readonly functions: ReadonlySet<string>;
  readonly log: Log;
  readonly metrics: Metrics;
}
/** Told of an event that a function will never handle. */
export type LetterTold = (event: CloudEvent, functionName: string | undefined) => void;

/** Counts and logs dead letters, for installations that have no other place for them. */
export const tellingLetters =
  ({ functions, log, metrics }: LettersOptions): LetterTold =>
  (event, named) => {
    const { knativeerrordest, knativeerrorcode, knativeerrordata } = event as CloudEvent & Partial<DeadLetter>;
    // Ours say the function itself where a Broker says its URL.
    const name = named ?? knativeerrordest ?? "";
    metrics.events.handled.inc({ function: functions.has(name) ? name : "other", outcome: "dead" });
    const { id, type, subject, kcppath, kcpcluster } = event;
    const about = { function: name, event: id, type, workspace: kcppath ?? kcpcluster, subject };
    log.error({ ...about, code: knativeerrorcode, said: readable(knativeerrordata) }, "dead letter");
  };

/** Brokers send what a function said in base64; we send it as it is. */
function readable(data: string | undefined): string | undefined {
  if (data === undefined) return undefined;
  const isBase64 = data.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(data);
  return isBase64 ? Buffer.from(data, "base64").toString("utf8") : data;
}
