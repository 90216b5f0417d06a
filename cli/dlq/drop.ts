import { busFlags } from "../bus-flags.ts";
import { defineCommand, type Io } from "../command.ts";
import { CliError, exit, UsageError } from "../errors.ts";
import { withArchive } from "../open-archive.ts";
import { print } from "../output.ts";
import { choiceFlags, choose, letters } from "./choose.ts";

export default defineCommand({
  name: "dlq drop",
  summary: "Remove dead letters for good",
  options: {
    ...choiceFlags,
    yes: { type: "boolean", short: "y", description: "do not ask" },
    ...busFlags,
  },
  positionals: [{ name: "SEQ", description: "numbers, as pm dlq list shows them", many: true }],
  examples: [
    { run: "pm dlq drop 42", does: "asks first" },
    { run: "pm dlq drop --all --function create-workspace --yes", does: "for scripts" },
  ],
  run: ({ options, positionals }, io) =>
    withArchive(options, async (archive) => {
      const choice = { all: options.all, function: options.function, sequences: positionals };
      const chosen = await choose(archive, choice, "dlq drop");
      if (!options.yes && chosen.size > 0) await confirm(chosen, io);
      const dropped: number[] = [];
      for (const sequence of chosen) {
        io.signal.throwIfAborted();
        if (await archive.dropDeadLetter(sequence)) dropped.push(sequence);
      }
      print(io, options.output, dropped, {
        table: () => `dropped: ${letters(dropped.length)}\n`,
        name: () => dropped.map((sequence) => `${sequence}\n`).join(""),
      });
      return exit.ok;
    }),
});

async function confirm(chosen: ReadonlySet<number>, io: Io): Promise<void> {
  const answer = await io.ask(`remove ${letters(chosen.size)} for good? type "drop": `);
  if (answer === undefined) {
    throw new UsageError(`nobody can confirm that ${letters(chosen.size)} are dropped`, {
      why: "there is no terminal",
      next: "the same with --yes",
    });
  }
  if (answer.trim() !== "drop") throw new CliError("nothing is dropped", { why: `"${answer.trim()}" is not "drop"` });
}
