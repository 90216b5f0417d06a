import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { z } from "zod";
import type { Log } from "../../shared/function.ts";

const line = z.looseObject({
  level: z.enum(["trace", "debug", "info", "warn", "error", "fatal"]),
  msg: z.string().optional(),
  time: z.string().optional(),
  outcome: z.string().optional(),
});

/** Passes what the process of a function logs on to `log`, line by line, at its level. Each event has its line there
 *  already (conventions, rule 14): of that of the process only the error is left, which knows where it was thrown. */
export function passLog(output: Readable, log: Log): void {
  createInterface({ input: output }).on("line", (text) => {
    const parsed = parse(text);
    if (!parsed) return log.info({ line: text }, "function's process says");
    const { level, msg, time: _toldAnew, ...fields } = parsed;
    const write = level === "trace" ? "debug" : level === "fatal" ? "error" : level;
    if (fields.outcome === undefined) return log[write](fields, msg);
    const { event, attempt, err } = fields;
    if (err !== undefined) log[write]({ event, attempt, err }, "failed in its process");
  });
}

function parse(text: string): z.output<typeof line> | undefined {
  if (!text.startsWith("{")) return undefined;
  try {
    return line.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** Keeps the last lines of what the process of a function says when something is wrong, and passes them on at once. */
export function lastWords(errors: Readable, log: Log): () => readonly string[] {
  const kept: string[] = [];
  createInterface({ input: errors }).on("line", (text) => {
    if (text.trim() === "") return;
    kept.push(text.slice(0, maxChars));
    if (kept.length > maxLines) kept.shift();
    log.warn({ line: text }, "function's process says");
  });
  return () => [...kept];
}

const maxLines = 10;
const maxChars = 500;
