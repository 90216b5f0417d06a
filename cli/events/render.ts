import type { StoredEvent } from "../../eventing/bus/bus.ts";
import { traceIdOf } from "../../eventing/trace-context.ts";
import type { CloudEvent } from "../../shared/event.ts";
import type { Style } from "../style.ts";
import { toYaml } from "../yaml.ts";

const ownPrefix = "io.platform-mesh.account.";

/** One event in the format of -o; JSON is one line an event. */
export function renderEvent({ sequence, event }: StoredEvent, format: string, style: Style): string {
  switch (format) {
    case "json":
      return `${JSON.stringify({ sequence, event })}\n`;
    case "yaml":
      return `---\n${toYaml({ sequence, event })}`;
    case "name":
      return `${event.id}\n`;
    default:
      return line(event, style);
  }
}

/** Time, what happened, to which object or by which function, where, trace. */
function line(event: CloudEvent, style: Style): string {
  const own = event.type.startsWith(ownPrefix);
  const verb = event.type.slice(event.type.lastIndexOf(".") + 1);
  const state = [event.phase, event.deleting === "true" ? "deleting" : ""].filter(Boolean).join(", ");
  const what = own
    ? style.cyan(event.type.slice(ownPrefix.length).padEnd(24))
    : `${event.kind ?? ""} ${verb}`.padEnd(24);
  const object = own ? `by ${functionOf(event)}` : `${event.name ?? ""}${state && ` (${state})`}`;
  const where = event.kcppath ?? event.subject ?? event.accountkey ?? "";
  const time = (event.time ?? "").slice(11, 23).padEnd(12);
  return `${[style.dim(time), what, object.padEnd(42), where.padEnd(32), style.dim(traceIdOf(event.traceparent)?.slice(0, 8) ?? "")].join("  ").trimEnd()}\n`;
}

/** Own ids are `<cause>/<function>/<type>/<n>`. */
const functionOf = ({ id }: CloudEvent): string => id.split("/").at(-3) ?? "?";
