import { z } from "zod";
import type { Style } from "../style.ts";

const line = z.looseObject({
  time: z.string(),
  level: z.string(),
  msg: z.string().default(""),
  function: z.string().optional(),
  type: z.string().default(""),
  subject: z.string().optional(),
  workspace: z.string().default(""),
  outcome: z.string().optional(),
  reason: z.string().optional(),
  ms: z.number().default(0),
  attempt: z.number().default(1),
  againInMs: z.number().optional(),
  err: z.looseObject({ stack: z.string().optional(), message: z.string().optional() }).optional(),
});
type Line = z.output<typeof line>;

export interface LineStyle {
  readonly style: Style;
  /** Makes the places in a stack readable. */
  readonly stack: (text: string) => string;
}

/** A line of the log for the person who writes a function: what came, who handled it, how it ended. Empty for what is of
 *  interest only to those who work on the source. */
export function devLine(json: string, { style, stack }: LineStyle): string {
  const entry = line.parse(JSON.parse(json));
  const { time, level, outcome, err } = entry;
  if (level === "debug" && outcome === undefined) return "";
  const text = outcome === undefined ? told(entry, style) : handled(entry, style);
  const trouble = err && stack(err.stack ?? err.message ?? "");
  return [`${style.dim(time.slice(11, 23))}  ${text}`, ...(trouble ? indented(trouble) : [])].join("\n").concat("\n");
}

function handled(entry: Line, style: Style): string {
  const { function: name = "", type, subject, workspace, outcome = "", reason, ms, attempt, againInMs } = entry;
  const paint = { done: style.green, waiting: style.yellow, requeue: style.yellow, retry: style.red, dead: style.red }[
    outcome
  ];
  const what = `${subject?.split("/").slice(-2).join("/") ?? ""} ${type.split(".").at(-1)}`.trim();
  const cells = [name.padEnd(20), what.padEnd(40), workspace.padEnd(24), (paint ?? String)(outcome.padEnd(8))];
  const again = againInMs === undefined ? "" : `again in ${againInMs} ms`;
  const more = [reason, again, attempt > 1 ? `attempt ${attempt}` : "", `${ms} ms`].filter(Boolean).join(", ");
  return [...cells, style.dim(more)].join(" ");
}

function told({ msg, level, ...entry }: Line, style: Style): string {
  const rest = Object.entries(entry).filter(([name]) => !(name in line.shape));
  const fields = rest.map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`);
  const paint = level === "error" ? style.red : level === "warn" ? style.yellow : style.bold;
  return [paint(msg), style.dim(fields.join(" "))].filter(Boolean).join("  ");
}

const indented = (text: string): readonly string[] => text.split("\n").map((each) => `              ${each}`);
