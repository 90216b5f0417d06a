import type { FunctionRow } from "../../eventing/overview/row.ts";
import { formatDuration } from "../../shared/duration.ts";
import { resource } from "../../shared/event.ts";
import { columns } from "../output.ts";

const head = ["NAME", "LISTENS TO", "STATE", "EVENTS", "ERRORS/5M", "P95", "COLD STARTS", "IDLE", "LAG", "VERSION"];

/** One line for each function. */
export function functionTable(rows: readonly FunctionRow[]): string {
  if (rows.length === 0) return "no functions: this pm run stands by, or has not started to work\n";
  return columns([head, ...rows.map(cells)]);
}

function cells(row: FunctionRow): readonly string[] {
  return [
    row.name,
    shortened(listensTo(row.on)),
    row.pid === undefined ? row.state : `${row.state} ${row.pid}`,
    String(row.invocations),
    String(row.errors),
    row.p95Ms === undefined ? "-" : `${Math.round(row.p95Ms)}ms`,
    coldStarts(row.coldStarts),
    row.idleMs === undefined ? "-" : formatDuration(row.idleMs),
    String(row.lag),
    row.version,
  ];
}

function coldStarts(starts: FunctionRow["coldStarts"]): string {
  if (!starts) return "-";
  const { count, lastMs, medianMs } = starts;
  if (lastMs === undefined || medianMs === undefined) return String(count);
  return `${count} (last ${Math.round(lastMs)}ms, median ${Math.round(medianMs)}ms)`;
}

const kubernetes: ReadonlySet<string> = new Set(Object.values(resource));

/** Kinds of objects, and facts by the last part of their type, each once. */
function listensTo(on: FunctionRow["on"]): string {
  const names = on.map(({ type = "", kind }) =>
    kubernetes.has(type) ? (kind ?? "every kind") : (type.split(".").at(-1) ?? type),
  );
  return [...new Set(names)].join(", ");
}

const widest = 48;
const shortened = (text: string): string => (text.length <= widest ? text : `${text.slice(0, widest - 1)}…`);
