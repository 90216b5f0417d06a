import type { Args, Command, Io, Options } from "./command.ts";
import { exit } from "./errors.ts";
import { commandHelp } from "./help.ts";
import { parseCommandLine } from "./parse.ts";
import { processIo } from "./process-io.ts";
import { reporting } from "./reporting.ts";

/** Runs the one command of a bundle as this process. */
export async function bundleMain(command: Command): Promise<void> {
  const io = processIo();
  process.exitCode = await reporting(io, async () => {
    const args = parseBundled(command, process.argv.slice(2), io.env);
    if (!args.options.help) return command.run(args, io);
    io.stdout.write(commandHelp(command));
    return exit.ok;
  });
}

/** Where only variables can be set, PM_FLAGS holds flags; they come first, so that those of the command line win. */
export function parseBundled(command: Command, argv: readonly string[], env: Io["env"]): Args<Options> {
  const words = (env.PM_FLAGS ?? "").split(/\s+/).filter(Boolean);
  const { options, positionals } = parseCommandLine(command, [...words, ...argv], env);
  // What was parsed for a command has the types of its flags.
  return { options: options as Args<Options>["options"], positionals };
}
