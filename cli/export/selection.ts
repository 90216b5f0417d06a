import type { Archive } from "../../eventing/bus/archive.ts";
import type { StoredEvent } from "../../eventing/bus/bus.ts";
import { redact } from "../../eventing/recording/redact.ts";
import type { CloudEvent } from "../../shared/event.ts";
import type { Scope } from "../events/scope.ts";
import type { HistoryRange } from "../history-range.ts";
import type { Item } from "./format.ts";

export interface Selection {
  readonly range: HistoryRange;
  /** All accounts without. */
  readonly scope: Scope | undefined;
  /** Recordings and dead letters of this function only. */
  readonly function: string | undefined;
  readonly signal: AbortSignal;
}

/** The events of a stretch of history, then what functions did with them, then what they gave up; without secrets. */
export async function* selected(archive: Archive, selection: Selection): AsyncGenerator<Item> {
  const { range, scope, function: name, signal } = selection;
  const isAbout = (event: CloudEvent) => !scope || scope.holds(event);
  for await (const stored of archive.history({ ...range.start, signal })) {
    if (range.isOver(stored)) break;
    if (range.holds(stored) && isAbout(stored.event)) yield { kind: "event", stored: withoutSecrets(stored) };
  }
  signal.throwIfAborted();
  const { since } = range.start;
  const which = { signal, ...(since && { since }), ...(name !== undefined && { function: name }) };
  for await (const stored of archive.invocations(which)) {
    const { event, startedAt } = stored.invocation;
    if (range.holdsCause(event, startedAt) && isAbout(event)) yield { kind: "invocation", stored };
  }
  signal.throwIfAborted();
  for await (const stored of archive.deadLetters(name)) {
    const { event } = stored;
    if (range.holdsCause(event) && isAbout(event)) yield { kind: "deadLetter", stored: withoutSecrets(stored) };
  }
}

function withoutSecrets({ sequence, event }: StoredEvent): StoredEvent {
  const { data, ...attributes } = event;
  // Bytes, as of a message that was no event, cannot be looked through.
  return { sequence, event: redact(data instanceof Uint8Array ? attributes : event) };
}
