import type { Command, Io } from "./command.ts";
import { commands, findCommand } from "./commands.ts";
import { exit, UsageError } from "./errors.ts";
import { commandHelp, overview } from "./help.ts";
import { nearest } from "./nearest.ts";
import { parseCommandLine } from "./parse.ts";
import { processIo } from "./process-io.ts";
import { reporting } from "./reporting.ts";

/** Runs one command line and answers the exit code; every error ends as a message on stderr. */
export async function main(argv: readonly string[], base: Io): Promise<number> {
  const io = { ...base, color: base.color && !argv.includes("--no-color") };
  return reporting(io, () => dispatch(argv, io));
}

async function dispatch(argv: readonly string[], io: Io): Promise<number> {
  const [first] = argv;
  if (first === undefined || first === "help" || first === "--help" || first === "-h") return help(argv.slice(1), io);
  const found = findCommand(argv);
  const asksForHelp = argv.some((word) => word === "--help" || word === "-h");
  if (!found && asksForHelp && groupOf(first).length > 0) return help([first], io);
  if (!found) throw unknownCommand(argv);
  const { default: command } = await found.entry.load();
  const args = parseCommandLine(command, found.rest, io.env);
  if (args.options.help) {
    io.stdout.write(commandHelp(command));
    return exit.ok;
  }
  return command.run(args as Parameters<Command["run"]>[0], io);
}

async function help(words: readonly string[], io: Io): Promise<number> {
  const found = findCommand(words);
  const group = groupOf(words[0]);
  const about = group.length > 0 ? group : commands;
  io.stdout.write(found ? commandHelp((await found.entry.load()).default) : overview(about));
  return exit.ok;
}

const groupOf = (word: string | undefined) => commands.filter(({ name }) => name.startsWith(`${word} `));

function unknownCommand(argv: readonly string[]): UsageError {
  const typed = argv.slice(0, 2).filter((word) => !word.startsWith("-"));
  const group = groupOf(typed[0]).map(({ name }) => name);
  if (group.length > 0) {
    const near = nearest(typed.join(" "), group);
    const what = typed[1]
      ? `unknown command "${typed.join(" ")}"`
      : `"pm ${typed[0]}" needs a command: ${group.join(", ")}`;
    return new UsageError(near && typed[1] ? `${what}; did you mean "${near}"?` : what, { next: "pm --help" });
  }
  const near = nearest(
    argv[0] ?? "",
    commands.map(({ name }) => name.split(" ")[0] ?? name),
  );
  return new UsageError(`unknown command "${argv[0]}"${near ? `; did you mean "${near}"?` : ""}`, {
    next: "pm --help",
  });
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2), processIo());
