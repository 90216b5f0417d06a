import { Supervised } from "./supervised.ts";

const tailLines = 20;

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly onLine?: (line: string) => void;
  readonly signal?: AbortSignal;
}

/** Runs a command to its end and answers what it printed; a failure's message ends with the last lines of that. */
export async function runCommand(
  command: string,
  args: readonly string[],
  { onLine, signal, ...options }: CommandOptions = {},
): Promise<string> {
  const lines: string[] = [];
  const child = new Supervised(command, args, { ...options, output: "pipe" });
  child.onLine((line) => {
    lines.push(line);
    onLine?.(line);
  });
  const abort = () => void child.kill();
  signal?.addEventListener("abort", abort);
  const code = await child.exited.finally(() => signal?.removeEventListener("abort", abort));
  signal?.throwIfAborted();
  if (code !== 0) {
    const tail = lines.slice(-tailLines).map((line) => `  ${line}\n`);
    throw new Error(`${command} ${args.join(" ")} ended with code ${code}:\n${tail.join("")}`);
  }
  return lines.join("\n");
}
