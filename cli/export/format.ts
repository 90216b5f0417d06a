import { z } from "zod";
import type { StoredInvocation } from "../../eventing/bus/archive.ts";
import type { StoredEvent } from "../../eventing/bus/bus.ts";
import { storedDeadLetterToJson, storedEventToJson, storedInvocationToJson } from "../../eventing/bus/stored-json.ts";
import { counted } from "../account-state.ts";

/** Version of the format that this pm writes, and the only one that it reads. */
export const formatVersion = 1;
export const format = "account-functions/history";

const optionalText = z.string().optional();
/** First line: what the file is, and what was asked for. */
export const headerShape = z.object({
  format: z.literal(format),
  version: z.number(),
  /** Version of the product that wrote it. */
  product: z.string(),
  exportedAt: z.string(),
  selection: z.object({ path: optionalText, function: optionalText, from: optionalText, to: optionalText }),
});
export type Header = z.output<typeof headerShape>;

const count = z.number().int().min(0);
const countsShape = z.object({ events: count, invocations: count, deadLetters: count });
export type Counts = z.output<typeof countsShape>;

/** As `3 events, 2 recordings, 0 dead letters`. */
export const inWords = ({ events, invocations, deadLetters }: Counts): string =>
  [counted(events, "event"), counted(invocations, "recording"), counted(deadLetters, "dead letter")].join(", ");

/** Last line: how much came before, and the checksum of all lines before it, line ends included. */
export const trailerShape = z.object({ end: countsShape, sha256: z.string() });

/** One line in between. */
export type Item =
  | { readonly kind: "event" | "deadLetter"; readonly stored: StoredEvent }
  | { readonly kind: "invocation"; readonly stored: StoredInvocation };
export const countOf = { event: "events", invocation: "invocations", deadLetter: "deadLetters" } as const;

export function itemToJson(item: Item): string {
  switch (item.kind) {
    case "event":
      return storedEventToJson(item.stored);
    case "invocation":
      return storedInvocationToJson(item.stored);
    case "deadLetter":
      return storedDeadLetterToJson(item.stored);
  }
}

/** Told by the beginning of the line, since most readers want few of many; `undefined` when it is no item. */
export function kindOf(line: string): Item["kind"] | undefined {
  const kind = /^\{"sequence":\d+,"(event|invocation|deadLetter)":/.exec(line)?.[1];
  return kind as Item["kind"] | undefined;
}
