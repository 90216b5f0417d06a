import { z } from "zod";
import type { CloudEvent } from "../../shared/event.ts";
import { decodeEvent, encodeEvent } from "../../shared/event-codec.ts";
import { decodeInvocation, encodeInvocation } from "../recording/invocation.ts";
import type { StoredInvocation } from "./archive.ts";
import type { StoredEvent } from "./bus.ts";

/** Beyond it a line is none of ours: an event or a recording has 8 MiB at most. */
export const maxLineBytes = 16 * 1024 * 1024;

const utf8 = new TextDecoder();
const sequence = z.number().int().min(0);
const eventShape = z.object({ sequence, event: z.unknown() });
const deadLetterShape = z.object({ sequence, deadLetter: z.unknown() });
const invocationShape = z.object({ sequence, invocation: z.unknown() });

/** JSON of an event, bytes in its data as base64. */
export const eventToJson = (event: CloudEvent): string => utf8.decode(encodeEvent(event));

const eventFromJson = (json: unknown): CloudEvent =>
  decodeEvent({ body: new TextEncoder().encode(JSON.stringify(json)), headers: [] });

/** A JSON object on one line, as what another process or a file says of a bus. */
export const storedEventToJson = ({ sequence, event }: StoredEvent): string =>
  `{"sequence":${sequence},"event":${eventToJson(event)}}`;
/** The same for a dead letter, which must not be taken for an event where both are in one file. */
export const storedDeadLetterToJson = ({ sequence, event }: StoredEvent): string =>
  `{"sequence":${sequence},"deadLetter":${eventToJson(event)}}`;
export const storedInvocationToJson = ({ sequence, invocation }: StoredInvocation): string =>
  `{"sequence":${sequence},"invocation":${utf8.decode(encodeInvocation(invocation))}}`;

/** Throws where the line is not what storedEventToJson makes. */
export function storedEventFromJson(line: string): StoredEvent {
  const { sequence, event } = eventShape.parse(JSON.parse(line));
  return { sequence, event: eventFromJson(event) };
}
/** Throws where the line is not what storedDeadLetterToJson makes. */
export function storedDeadLetterFromJson(line: string): StoredEvent {
  const { sequence, deadLetter } = deadLetterShape.parse(JSON.parse(line));
  return { sequence, event: eventFromJson(deadLetter) };
}
/** Throws where the line is not what storedInvocationToJson makes. */
export function storedInvocationFromJson(line: string): StoredInvocation {
  const { sequence, invocation } = invocationShape.parse(JSON.parse(line));
  return { sequence, invocation: decodeInvocation(new TextEncoder().encode(JSON.stringify(invocation))) };
}
