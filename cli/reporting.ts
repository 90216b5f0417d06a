import type { Io } from "./command.ts";
import { CliError } from "./errors.ts";
import { explainError } from "./explain-error.ts";
import { styleOf } from "./style.ts";

/** The exit code of `work`; every error ends as a message on stderr. */
export async function reporting(io: Io, work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    if (io.signal.aborted && !(error instanceof CliError)) return 130;
    const problem = explainError(error);
    io.stderr.write(describe(problem, io));
    return problem.exitCode;
  }
}

function describe(error: CliError, io: Io): string {
  const style = styleOf(io);
  const lines = [`${style.red("error:")} ${error.message}`];
  if (error.where) lines.push(`  where: ${error.where}`);
  if (error.why) lines.push(`  why:   ${error.why}`);
  if (error.next) lines.push(`  next:  ${style.bold(error.next)}`);
  return `${lines.join("\n")}\n`;
}
