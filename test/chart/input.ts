import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";

/** Runs a program on a text and answers what it printed; rejects with that when it fails. */
export async function input(command: string, args: readonly string[], given: string): Promise<string> {
  const child = spawn(command, args, { stdio: "pipe" });
  // What it does not read is no error of ours: it has ended, and says why.
  child.stdin.on("error", () => undefined);
  child.stdin.end(given);
  const [out, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  if (code !== 0) throw new Error(`${command} ended with code ${code}:\n${out}${errors}`);
  return out;
}
