import type { CloudEvent } from "../../shared/event.ts";
import { readFlags } from "../bus-flags.ts";
import { defineCommand } from "../command.ts";
import { CliError, exit } from "../errors.ts";
import { withArchive } from "../open-archive.ts";
import { print } from "../output.ts";
import { toYaml } from "../yaml.ts";
import { choose, lettersOf } from "./choose.ts";
import { type Letter, letterToJson } from "./letter.ts";

export default defineCommand({
  name: "dlq show",
  summary: "One dead letter: the event, why it was given up, and by which version",
  options: readFlags,
  positionals: [{ name: "SEQ", description: "its number, as pm dlq list shows it", required: true }],
  examples: [
    { run: "pm dlq show 42", does: "for people" },
    { run: "pm dlq show 42 -o json | jq .event > event.json", does: "the event, as pm invoke --event takes it" },
  ],
  run: ({ options, positionals }, io) =>
    withArchive(options, async (archive) => {
      const chosen = await choose(archive, { all: false, function: undefined, sequences: positionals }, "dlq show");
      let letter: Letter | undefined;
      for await (const each of lettersOf(archive, chosen)) letter = each;
      if (!letter) throw new CliError(`dead letter ${positionals[0]} is gone`, { next: "pm dlq list" });
      print(io, options.output, letterToJson(letter), {
        table: () => describe(letter),
        name: () => `${letter.sequence}\n`,
      });
      return exit.ok;
    }),
});

function describe({
  sequence,
  function: name,
  version,
  account,
  code,
  reason,
  attempts,
  event,
  isEvent,
}: Letter): string {
  const facts: readonly (readonly [string, string | undefined])[] = [
    ["function", version === undefined ? name : `${name} of version ${version}`],
    ["reason", `${reason} (${code})`],
    ["attempts", attempts],
    ["account", account],
  ];
  const lines = facts.flatMap(([what, value]) => (value === undefined ? [] : [`  ${what.padEnd(9)} ${value}\n`]));
  const next = isEvent
    ? `\nnext: pm dlq retry ${sequence}, or pm dlq drop ${sequence}\n`
    : `\nThis is a message that was no event: it cannot be tried again.\nnext: pm dlq drop ${sequence}\n`;
  return `dead letter ${sequence}\n${lines.join("")}\n${isEvent ? toYaml(event) : excerpt(event)}${next}`;
}

/** What was found, as far as it is text. */
function excerpt({ subject, data }: CloudEvent): string {
  const text = data instanceof Uint8Array ? new TextDecoder().decode(data.subarray(0, 2048)) : "";
  return `on subject ${subject}:\n${text.replaceAll(/[^\P{Cc}\n]/gu, "�")}\n`;
}
