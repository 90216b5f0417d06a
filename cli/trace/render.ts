import { traceIdOf } from "../../eventing/trace-context.ts";
import { formatDuration } from "../../shared/duration.ts";
import { type CloudEvent, resource } from "../../shared/event.ts";
import { counted } from "../account-state.ts";
import { intentInWords, type Rendering } from "../replay/render.ts";
import type { Style } from "../style.ts";
import { type Handling, isIdle, type Moment, type OpenWait, type Timeline } from "./timeline.ts";

const width = 100;
/** Columns of the time, and of what belongs to the event above. */
const margin = 9;
const indent = margin + 4;

export interface TraceRendering extends Rendering {
  /** Names the functions that found nothing to do, too. */
  readonly verbose: boolean;
}

/** A timeline for people, in 100 columns: each event with who made it, what each function did with it and, in between,
 *  what was waited for. */
export function renderTimeline(timeline: Timeline, title: string, rendering: TraceRendering): string {
  const { style, verbose } = rendering;
  const { moments, waits, startedAt } = timeline;
  const handled = moments.flatMap(({ invocations }) => invocations);
  const end = Math.max(...moments.map(({ at }) => at), ...handled.map(({ at, ms }) => at + ms));
  const trace = moments.map(({ event }) => traceIdOf(event.traceparent)).find(Boolean);
  const counts = `${counted(moments.length, "event")} and ${counted(handled.length, "invocation")} in ${formatDuration(end)}`;
  const told = moments.map((moment) => momentLines(moment, rendering));
  const lines = [
    `${style.bold(title)}  ${counts}`,
    style.dim(`from ${startedAt}${trace ? `, trace ${trace}` : ""}; milliseconds since then:`),
    ...(verbose ? told.flat() : folded(told, style)),
    ...waits.flatMap((wait) => wrap(openWaitInWords(wait, end, rendering), 0).map((line) => style.yellow(line))),
  ];
  return `${lines.join("\n")}\n`;
}

/** The same news several times in a row, with which the same was done, are one. */
function folded(told: readonly (readonly string[])[], style: Style): readonly string[] {
  const groups: { readonly key: string; readonly lines: readonly string[]; times: number }[] = [];
  for (const lines of told) {
    const key = lines.join("\n").replace(/^ *\d+|\d+ ms/gm, "");
    const last = groups.at(-1);
    if (last?.key === key) last.times++;
    else groups.push({ key, lines, times: 1 });
  }
  return groups.flatMap(({ lines: [first = "", ...rest], times }) => [
    times > 1 ? `${first}${style.dim(`  ${times} times`)}` : first,
    ...rest,
  ]);
}

function momentLines({ at, event, by, waited, invocations }: Moment, rendering: TraceRendering): readonly string[] {
  const { style, verbose } = rendering;
  const wait =
    waited === undefined ? [] : [style.yellow(`${" ".repeat(margin)}waited ${ms(waited)} for ${changeInWords(event)}`)];
  const author = by === undefined ? "" : style.dim(`  by ${by}`);
  const idle = verbose ? new Set(invocations.filter(isIdle).map(({ function: name }) => name)) : new Set();
  return [
    ...wait,
    `${String(at).padStart(margin - 2)}  ${style.bold(eventInWords(event))}${author}`,
    ...invocations
      .filter((handling) => !isIdle(handling))
      .flatMap((handling) => handlingLines(handling, at, rendering)),
    ...(idle.size > 0 ? wrap(`nothing to do: ${[...idle].join(", ")}`, indent - 2).map(style.dim) : []),
  ];
}

/** As `create-workspace 40 ms: patches Account dev in …, 12 ms; …`. */
function handlingLines(handling: Handling, eventAt: number, rendering: Rendering): readonly string[] {
  const { style } = rendering;
  const { function: name, attempt, at, result } = handling;
  const late = at - eventAt >= 100 ? `, ${ms(at - eventAt)} after the event` : "";
  const head = `${name}${attempt > 1 ? `, attempt ${attempt}` : ""}: ${ms(handling.ms)}${late}`;
  const below = (text: string, paint: (line: string) => string = String) =>
    wrap(text, indent + 2).map((line) => paint(line));
  const writes = handling.writes.flatMap((write) => {
    const text = `${intentInWords(write, rendering)}, ${ms(write.ms)}`;
    return write.error ? below(`${text}: ${short(write.error.message)}`, style.red) : below(text);
  });
  const end = endInWords(handling, rendering);
  const paint = result.outcome === "error" ? style.red : result.outcome === "done" ? String : style.yellow;
  return [...wrap(head, indent - 2), ...writes, ...(end ? below(end, paint) : [])];
}

const maxMessage = 240;
const short = (message: string): string => (message.length > maxMessage ? `${message.slice(0, maxMessage)}…` : message);

function endInWords({ result, writes }: Handling, { pathOf }: Rendering): string {
  if (result.outcome === "error") {
    const { message } = result.error;
    return writes.some(({ error }) => error?.message === message) ? "failed with that" : `failed: ${short(message)}`;
  }
  const { reason = "", ref } = result;
  const emits = result.events.length > 0 ? `emits ${result.events.map(({ type }) => shortType(type)).join(", ")}` : "";
  const how = {
    done: "",
    drop: `leaves it: ${reason}`,
    requeue: `looks again in ${ms(result.ms ?? 0)}: ${reason}`,
    waiting: `waits for ${ref ? `${ref.kind} ${ref.name} in ${pathOf(ref.cluster)}` : "a change"}: ${reason}`,
  }[result.outcome];
  return [how, emits].filter(Boolean).join("; ");
}

const openWaitInWords = (
  { function: name, since, reason, ref }: OpenWait,
  end: number,
  { pathOf }: Rendering,
): string =>
  `${name} still waits for ${ref.kind} ${ref.name} in ${pathOf(ref.cluster)}, for ${formatDuration(end - since)} at the end: ${reason}`;

/** As `Workspace dev updated (Initializing)`. */
function eventInWords(event: CloudEvent): string {
  const verb = { [resource.add]: "added", [resource.update]: "updated", [resource.delete]: "deleted" }[event.type];
  if (verb === undefined) return shortType(event.type);
  const isGoing = event.deleting === "true" && event.type !== resource.delete;
  const state = [phaseOf(event), isGoing ? "deleting" : ""].filter(Boolean).join(", ");
  return `${event.kind} ${event.name} ${verb}${state && ` (${state})`}`;
}

/** As `Workspace dev to be Ready`. */
function changeInWords(event: CloudEvent): string {
  const what = `${event.kind} ${event.name}`;
  if (event.type === resource.delete) return `${what} to be gone`;
  if (event.type === resource.add) return `${what} to appear`;
  const phase = phaseOf(event);
  return `${what} to ${phase ? `be ${phase}` : "change"}`;
}

function phaseOf({ phase, data }: CloudEvent): string | undefined {
  const { status } = (data ?? {}) as { readonly status?: { readonly phase?: unknown } };
  return phase ?? (typeof status?.phase === "string" ? status.phase : undefined);
}

const shortType = (type: string): string => type.slice(type.lastIndexOf(".") + 1);
const ms = (amount: number): string => `${Math.round(amount)} ms`;

/** Lines of at most 100 columns, indented, further ones by two more. */
function wrap(text: string, by: number): readonly string[] {
  const lines: string[] = [];
  let line = " ".repeat(by);
  for (const word of text.split(" ")) {
    if (line.length + word.length >= width && line.trim()) {
      lines.push(line.trimEnd());
      line = " ".repeat(by + 2);
    }
    line += `${word} `;
  }
  return [...lines, line.trimEnd()];
}
