import { Supervised } from "./supervised.ts";

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly onLine?: (line: string) => void;
  /** How many of the last lines go into a failure's message; 20 unless given. */
  readonly tail?: number;
}

/** Runs a command to its end and answers what it printed; a failure's message ends with the last lines of that. */
export async function runCommand(
  command: string,
  args: readonly string[],
  { onLine, tail = 20, ...options }: CommandOptions = {},
): Promise<string> {
  const lines: string[] = [];
  const child = new Supervised(command, args, { ...options, output: "pipe" });
  child.onLine((line) => {
    lines.push(line);
    onLine?.(line);
  });
  const code = await child.exited;
  if (code !== 0) {
    const last = lines.slice(-tail).map((line) => `  ${line}\n`);
    throw new Error(`${command} ${args.join(" ")} ended with code ${code}:\n${last.join("")}`);
  }
  return lines.join("\n");
}
