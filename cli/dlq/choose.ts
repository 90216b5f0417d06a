import type { Archive } from "../../eventing/bus/archive.ts";
import { counted } from "../account-state.ts";
import type { Options } from "../command.ts";
import { CliError, UsageError } from "../errors.ts";
import { type Letter, letterOf } from "./letter.ts";

/** Which dead letters a command is about. */
export const choiceFlags = {
  all: { type: "boolean", description: "all of them, or all of --function" },
  function: { type: "string", description: "only dead letters of this function" },
} as const satisfies Options;

export interface Choice {
  readonly all: boolean;
  readonly function: string | undefined;
  /** As typed. */
  readonly sequences: readonly string[];
}

/** Those that are there now, oldest first: what fails again meanwhile is not among them. Throws CliError. */
export async function choose(archive: Archive, choice: Choice, command: string): Promise<ReadonlySet<number>> {
  const wanted = new Set(choice.sequences.map((text) => sequenceOf(text, command)));
  if (choice.all === wanted.size > 0) {
    throw new UsageError(choice.all ? "numbers and --all exclude each other" : "no dead letter is named", {
      where: `pm ${command}`,
      next: `pm ${command} SEQ…, or pm ${command} --all`,
    });
  }
  const found = new Set<number>();
  for await (const { sequence } of archive.deadLetters(choice.function)) {
    if (choice.all || wanted.has(sequence)) found.add(sequence);
  }
  const missing = [...wanted].filter((sequence) => !found.has(sequence));
  if (missing.length > 0) {
    const of = choice.function === undefined ? "" : ` of ${choice.function}`;
    throw new CliError(`there is no dead letter ${missing.join(", ")}${of}`, { next: "pm dlq list" });
  }
  return found;
}

/** The chosen ones, each read when it is asked for; to be read to the end. */
export async function* lettersOf(archive: Archive, chosen: ReadonlySet<number>): AsyncGenerator<Letter> {
  let left = chosen.size;
  for await (const stored of archive.deadLetters()) {
    if (!chosen.has(stored.sequence)) continue;
    yield letterOf(stored);
    if (--left === 0) return;
  }
}

export function sequenceOf(text: string, command: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new UsageError(`"${text}" is no number of a dead letter`, { where: `pm ${command}`, next: "pm dlq list" });
}

export const letters = (count: number): string => counted(count, "dead letter");
