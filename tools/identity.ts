import { existsSync, readFileSync } from "node:fs";

/** Names one process for good: its id alone may be given to another process later, so its start time goes along
 *  where the system tells it (Linux). */
export function identityOf(pid: number): string {
  return `${pid} ${startTime(pid)}`;
}

/** Whether the process with this identity still runs. */
export function isRunning(identity: string): boolean {
  const pid = Number(identity.split(" ")[0]);
  return isAlive(pid) && identityOf(pid) === identity;
}

/** Ends a process and its group hard, but only when it is surely the one meant. */
export function killGroup(identity: string): void {
  const [pid, started] = identity.split(" ");
  if (!started || !isRunning(identity)) return;
  process.kill(-Number(pid), "SIGKILL");
}

function isAlive(pid: number): boolean {
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** Clock ticks since boot, field 22 of /proc/<pid>/stat, the 20th after the command name in brackets; else empty. */
function startTime(pid: number): string {
  const file = `/proc/${pid}/stat`;
  if (!existsSync(file)) return "";
  const [, afterName = ""] = readFileSync(file, "utf8").split(/\) (?!.*\) )/s);
  return afterName.split(" ")[19] ?? "";
}
