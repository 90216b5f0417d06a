import { formatDuration } from "../../shared/duration.ts";
import { readFlags } from "../bus-flags.ts";
import { defineCommand } from "../command.ts";
import { exit } from "../errors.ts";
import { withArchive } from "../open-archive.ts";
import { columns, print } from "../output.ts";
import { type Letter, letterOf, letterToJson } from "./letter.ts";

export default defineCommand({
  name: "dlq list",
  summary: "What functions gave up, and why",
  description:
    "Dead letters are events that a function could not handle: after ten tries, or at once when it never will.",
  options: { function: { type: "string", description: "only dead letters of this function" }, ...readFlags },
  examples: [
    { run: "pm dlq list", does: "all, oldest first" },
    { run: "pm dlq list --function create-workspace -o json", does: "those of one function, with their events" },
  ],
  run: ({ options }, io) =>
    withArchive(options, async (archive) => {
      const letters: Letter[] = [];
      for await (const stored of archive.deadLetters(options.function)) letters.push(letterOf(stored));
      print(io, options.output, letters.map(letterToJson), {
        table: () => (letters.length === 0 ? "no dead letters\n" : table(letters, io.now())),
        name: () => letters.map(({ sequence }) => `${sequence}\n`).join(""),
      });
      return exit.ok;
    }),
});

const widestReason = 80;

function table(letters: readonly Letter[], now: number): string {
  const rows = letters.map(({ sequence, function: name, version, account, reason, attempts, event }) => [
    String(sequence),
    event.time === undefined ? "-" : formatDuration(Math.max(0, now - Date.parse(event.time))),
    name,
    account ?? "-",
    attempts,
    version ?? "-",
    shortened(reason.replaceAll(/\s+/g, " ")),
  ]);
  return columns([["SEQ", "AGE", "FUNCTION", "ACCOUNT", "ATTEMPTS", "VERSION", "REASON"], ...rows]);
}

const shortened = (text: string): string =>
  text.length <= widestReason ? text : `${text.slice(0, widestReason - 1)}…`;
