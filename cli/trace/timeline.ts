import type { StoredInvocation } from "../../eventing/bus/archive.ts";
import type { StoredEvent } from "../../eventing/bus/bus.ts";
import type { Invocation } from "../../eventing/recording/invocation.ts";
import { objectAt } from "../../eventing/recording/seen.ts";
import { type CloudEvent, resource } from "../../shared/event.ts";
import type { ObjectRef } from "../../shared/function.ts";
import type { Gathered } from "./gather.ts";

/** What happened to an account, in order; times are milliseconds since the first event. */
export interface Timeline {
  /** RFC 3339. */
  readonly startedAt: string;
  readonly moments: readonly Moment[];
  /** What functions wait for at the end. */
  readonly waits: readonly OpenWait[];
}
/** An event and what the functions did with it. */
export interface Moment {
  readonly at: number;
  readonly event: CloudEvent;
  /** The function that wrote or emitted it; none where kcp or a person did. */
  readonly by?: string;
  /** Time in which nothing happened until then. */
  readonly waited?: number;
  readonly invocations: readonly Handling[];
}
export interface Handling extends Invocation {
  /** Number of the recording. */
  readonly sequence: number;
  readonly at: number;
}
export interface OpenWait {
  readonly function: string;
  readonly since: number;
  readonly reason: string;
  readonly ref: ObjectRef;
}

/** Shorter pauses are those of the network. */
const leastWaitMs = 20;

/** Puts events and recordings together. */
export function timelineOf({ events, invocations }: Gathered): Timeline {
  const all = mergedEvents(events, invocations);
  const start = Math.min(...all.map(timeOf), ...invocations.map(({ invocation }) => Date.parse(invocation.startedAt)));
  const handlings = invocations
    .map(({ sequence, invocation }) => ({ ...invocation, sequence, at: Date.parse(invocation.startedAt) - start }))
    .sort((a, b) => a.at - b.at || a.sequence - b.sequence);
  const byEvent = Map.groupBy(handlings, ({ event }) => event.id);
  const authors = authorsOf(handlings);
  const moments = all
    .map((event) => ({ at: timeOf(event) - start, event, invocations: byEvent.get(event.id) ?? [] }))
    .sort((a, b) => a.at - b.at);
  const timed = moments.map((moment, index): Moment => {
    const by = authorOf(moment.event, authors);
    const waited = by === undefined ? waitedUntil(moment, moments[index - 1], handlings) : 0;
    return { ...moment, ...(by !== undefined && { by }), ...(waited >= leastWaitMs && { waited }) };
  });
  return { startedAt: new Date(start).toISOString(), moments: timed, waits: openWaits(handlings) };
}

/** Events that the bus has forgotten are still in the recordings. */
function mergedEvents(events: readonly StoredEvent[], invocations: readonly StoredInvocation[]): readonly CloudEvent[] {
  const known = new Map<string, CloudEvent>();
  for (const { event } of events) known.set(event.id, event);
  for (const { invocation } of invocations)
    if (!known.has(invocation.event.id)) known.set(invocation.event.id, invocation.event);
  return [...known.values()];
}

const timeOf = ({ time }: CloudEvent): number => Date.parse(time ?? "") || 0;

/** Who wrote which state of an object: `<uid>.<resourceVersion>`. */
function authorsOf(handlings: readonly Handling[]): ReadonlyMap<string, string> {
  const written = handlings.flatMap((handling) =>
    handling.writes.flatMap(({ answer }): readonly (readonly [string, string])[] => {
      if (answer === undefined) return [];
      const { uid, resourceVersion } = objectAt(handling, answer).metadata;
      return [[`${uid}.${resourceVersion}`, handling.function]];
    }),
  );
  return new Map(written);
}

/** Ids are `<cluster>.<uid>.<resourceVersion>`, and `<cause>/<function>/…` of what functions emit. */
function authorOf({ id, source }: CloudEvent, authors: ReadonlyMap<string, string>): string | undefined {
  const emitter = /^\/functions\/(.+)$/.exec(source)?.[1];
  return emitter ?? authors.get(id.slice(id.indexOf(".") + 1));
}

/** Since the event before and the last function that had work; what people do is not waited for. */
function waitedUntil(
  { at, event }: { readonly at: number; readonly event: CloudEvent },
  before: { readonly at: number } | undefined,
  handlings: readonly Handling[],
): number {
  const isOfKcp = event.kind !== "Account" && Object.values<string>(resource).includes(event.type);
  if (!before || !isOfKcp) return 0;
  const ends = handlings.filter((handling) => handling.at <= at).map((handling) => handling.at + handling.ms);
  return at - Math.max(before.at, ...ends);
}

/** The last word of each function, where that is a wait. */
function openWaits(handlings: readonly Handling[]): readonly OpenWait[] {
  const waits = new Map<string, OpenWait>();
  for (const { function: name, result, at, ms } of handlings) {
    if (result.outcome === "waiting" && result.ref && result.reason !== undefined) {
      const known = waits.get(name);
      const since = known?.reason === result.reason ? known.since : at + ms;
      waits.set(name, { function: name, since, reason: result.reason, ref: result.ref });
    } else if (result.outcome !== "error") waits.delete(name);
  }
  return [...waits.values()];
}

/** It found nothing to change or to tell. */
export const isIdle = ({ result, writes }: Handling): boolean =>
  writes.length === 0 && (result.outcome === "drop" || result.outcome === "done") && result.events.length === 0;
