import type { CloudEvent } from "../shared/event.ts";
import { traceIdOf } from "./trace-context.ts";

/** What every line about an event says of it (conventions, rule 14). */
export const eventFields = (event: CloudEvent) => ({
  event: event.id,
  type: event.type,
  workspace: event.kcppath ?? event.kcpcluster,
  subject: event.subject,
  trace: traceIdOf(event.traceparent),
});
