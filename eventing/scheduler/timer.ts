import { createHash } from "node:crypto";
import { z } from "zod";
import type { CloudEvent } from "../../shared/event.ts";
import { decodeEvent, encodeEvent } from "../../shared/event-codec.ts";

/** One event that is to come to one function once more, later. */
export interface Timer {
  readonly function: string;
  readonly event: CloudEvent;
  /** Milliseconds since the epoch. */
  readonly dueAt: number;
  /** Deliveries so far that the function refused. */
  readonly refusals: number;
}

const shape = z.object({
  function: z.string(),
  event: z.unknown(),
  dueAt: z.number(),
  refusals: z.number(),
});

/** Of one event and function there is one timer. */
export const timerId = ({ function: name, event }: Pick<Timer, "function" | "event">): string =>
  createHash("sha256")
    .update(JSON.stringify([name, event.source, event.id]))
    .digest("base64url");

export function encodeTimer({ event, ...rest }: Timer): string {
  return JSON.stringify({ ...rest, event: JSON.parse(new TextDecoder().decode(encodeEvent(event))) });
}

/** Throws where the text is not what encodeTimer makes. */
export function decodeTimer(text: string): Timer {
  const { event, ...rest } = shape.parse(JSON.parse(text));
  return { ...rest, event: decodeEvent({ body: new TextEncoder().encode(JSON.stringify(event)), headers: [] }) };
}
