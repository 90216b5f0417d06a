import { functions } from "../../functions/index.ts";
import { busFlags } from "../bus-flags.ts";
import { defineCommand } from "../command.ts";
import { CliError, exit } from "../errors.ts";
import { withArchive } from "../open-archive.ts";
import { print } from "../output.ts";
import { choiceFlags, choose, letters, lettersOf } from "./choose.ts";
import { type Letter, letterToJson } from "./letter.ts";

export default defineCommand({
  name: "dlq retry",
  summary: "Hand dead letters to their function again",
  description: `Each is delivered to the function that gave it up, and to no other, as if for the first time; then it is dropped.
Cut off in between it is delivered once more the next time, which changes nothing that is right already.`,
  options: { ...choiceFlags, ...busFlags },
  positionals: [{ name: "SEQ", description: "numbers, as pm dlq list shows them", many: true }],
  examples: [
    { run: "pm dlq retry 42 43", does: "these two" },
    { run: "pm dlq retry --all --function create-workspace", does: "after the function was mended" },
  ],
  run: ({ options, positionals }, io) =>
    withArchive(options, async (archive) => {
      const choice = { all: options.all, function: options.function, sequences: positionals };
      const chosen = await choose(archive, choice, "dlq retry");
      const tried: Letter[] = [];
      const left: string[] = [];
      for await (const letter of lettersOf(archive, chosen)) {
        io.signal.throwIfAborted();
        const why = whyNot(letter);
        if (why !== undefined && !options.all) throw new CliError(`dead letter ${letter.sequence} is not retried`, why);
        if (why !== undefined) {
          left.push(`left  ${letter.sequence}  ${why.why}\n`);
          continue;
        }
        await archive.redeliver(letter.event, letter.function);
        await archive.dropDeadLetter(letter.sequence);
        tried.push(letter);
      }
      print(io, options.output, tried.map(letterToJson), {
        table: () => [...tried.map(line), ...left, `handed over again: ${letters(tried.length)}\n`].join(""),
        name: () => tried.map(({ sequence }) => `${sequence}\n`).join(""),
      });
      return left.length > 0 ? exit.failed : exit.ok;
    }),
});

const line = ({ sequence, function: name, account }: Letter) =>
  `again ${sequence}  ${name}${account === undefined ? "" : `  ${account}`}\n`;

function whyNot({ sequence, function: name, isEvent }: Letter) {
  const next = `pm dlq drop ${sequence}`;
  if (!isEvent) return { why: "it is a message that was no event, and will never be one", next };
  if (!functions.some((fn) => fn.name === name)) return { why: `this version has no function ${name}`, next };
  return undefined;
}
