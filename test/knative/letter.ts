import type { CloudEvent } from "../../shared/event.ts";

const maxData = 1024;

/** The event that goes to a dead-letter sink: as it was, with what went wrong. */
export function letterOf(
  event: CloudEvent,
  failed: { readonly destination: string; readonly code: number; readonly body: Uint8Array },
): CloudEvent {
  const errors = {
    knativeerrordest: failed.destination,
    knativeerrorcode: String(failed.code),
    knativeerrordata: Buffer.from(failed.body).toString("base64").slice(0, maxData),
  };
  return { ...event, ...errors };
}
