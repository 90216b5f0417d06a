/** Runs the command given as arguments, forwards signals sent to it as messages, and kills the command with all its
 *  children when the process that started this one goes away, however hard: the closed channel tells. */
import { spawn } from "node:child_process";
import { constants } from "node:os";

const [command = "", ...args] = process.argv.slice(2);
// A process group of its own: Ctrl-C in the terminal reaches only the starter, who then decides the order of ending.
const child = spawn(command, args, { stdio: ["ignore", "inherit", "inherit"], detached: true });

function signalGroup(signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // Ended already.
  }
}

process.on("message", (signal: NodeJS.Signals) => signalGroup(signal));
process.on("disconnect", () => signalGroup("SIGKILL"));
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => signalGroup(signal));

child.on("spawn", () => process.send?.(child.pid));
child.on("error", (error) => {
  process.stderr.write(`starting ${command}: ${error.message}\n`);
  process.exit(127);
});
child.on("exit", (code, signal) => process.exit(code ?? 128 + (signal ? constants.signals[signal] : 0)));
