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

/** Completes the facts that a function found to CloudEvents. Ids follow from the cause alone, or from what the fact says
 *  of itself, so that a second run emits the same events and not new ones (decisions.md 2). A fact about another account has that account's key in place
 *  of the count: a second run may have fewer accounts to tell, and none may be taken for another's duplicate. */
export function completeEvents(events: readonly OwnEvent[], emission: Emission): CloudEvent[] {
  const counts = new Map<string, number>();
  return events.map((event) => {
    const { type, accountkey } = event;
    if (accountkey !== undefined && accountkey !== emission.cause.accountkey)
      return complete(event, accountkey, emission);
    const index = counts.get(type) ?? 0;
    counts.set(type, index + 1);
    return complete(event, String(index), emission);
  });
}

function complete(event: OwnEvent, index: string, { cause, function: name, now }: Emission): CloudEvent {
  const { type, subject, data } = event;
  return {
    specversion: "1.0",
    id: event.id === undefined ? `${cause.id}/${name}/${type}/${index}` : `${event.id}/${name}/${type}`,
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

/** More facts than this, each the cause of the next, are a loop: a Broker on NATS would turn it for ever. */
export const maxHops = 20;

/** How many facts lead from a change in kcp to this event: each appends its three parts to the id of its cause. */
export const hopsOf = ({ id }: CloudEvent): number => Math.floor((id.split("/").length - 1) / 3);
