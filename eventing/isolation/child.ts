import type { Log } from "../../shared/function.ts";

/** A process that serves one function. */
export interface Child {
  readonly pid: number;
  /** Where it takes events. */
  readonly url: string;
  /** Resolves once it is gone and everything that it told has been taken. */
  readonly ended: Promise<Exit>;
  /** Whether it still answers at all. */
  isAlive(): Promise<boolean>;
  kill(signal: "SIGTERM" | "SIGKILL"): void;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
  /** The last lines of its standard error. */
  readonly lastWords: readonly string[];
}

/** Starts a process for the function; resolves once it is ready for events. Rejects with StartError, and leaves nothing
 *  behind, when it cannot be started or the signal is aborted. */
export type Launch = (functionName: string, host: LaunchHost) => Promise<Child>;
export interface LaunchHost {
  /** Of this function: what its process logs goes here. */
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** A process that did not become ready. */
export class StartError extends Error {
  override name = "StartError";
  readonly exit: Exit | undefined;
  constructor(why: string, exit?: Exit, cause?: unknown) {
    super(why, cause === undefined ? undefined : { cause });
    this.exit = exit;
  }
}

/** The connection to the process failed or broke, as it does when the process ends. */
export class BrokenConnectionError extends Error {
  override name = "BrokenConnectionError";
}

/** How it ended, for people. */
export function describeExit({ code, signal }: Pick<Exit, "code" | "signal">): string {
  if (signal) return `ended by ${signal}`;
  return code === null ? "did not begin" : `ended with exit code ${code}`;
}
