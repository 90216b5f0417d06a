import type { CloudEvent } from "../shared/event.ts";
import type { OwnEvent } from "../shared/function.ts";
import { continueTrace } from "./trace-context.ts";

export interface Emission {
  /** The event that the function handled. */
  readonly cause: CloudEvent;
  readonly function: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Completes the facts that a function found to CloudEvents. Ids follow from the cause alone, so that a second run
 *  emits the same events and not new ones (decisions.md 2). */
export function completeEvents(events: readonly OwnEvent[], emission: Emission): CloudEvent[] {
  const counts = new Map<string, number>();
  return events.map((event) => {
    const index = counts.get(event.type) ?? 0;
    counts.set(event.type, index + 1);
    return complete(event, index, emission);
  });
}

function complete(event: OwnEvent, index: number, { cause, function: name, now }: Emission): CloudEvent {
  const { type, subject, data } = event;
  return {
    specversion: "1.0",
    id: `${cause.id}/${name}/${type}/${index}`,
    type,
    source: `/functions/${name}`,
    ...(subject !== undefined && { subject }),
    time: new Date(now).toISOString(),
    ...placeOf(event, cause),
    causationid: cause.id,
    traceparent: continueTrace(cause.traceparent),
    ...(data !== undefined && { datacontenttype: "application/json", data }),
  };
}

/** A fact about another account than the cause's lies in that account's cluster, whose path is not known here. */
function placeOf({ accountkey }: OwnEvent, cause: CloudEvent): Partial<CloudEvent> {
  if (accountkey !== undefined && accountkey !== cause.accountkey) {
    return { accountkey, kcpcluster: accountkey.slice(0, accountkey.indexOf("/")) };
  }
  return {
    ...(cause.accountkey !== undefined && { accountkey: cause.accountkey }),
    ...(cause.kcpcluster !== undefined && { kcpcluster: cause.kcpcluster }),
    ...(cause.kcppath !== undefined && { kcppath: cause.kcppath }),
  };
}
