/** Exit codes of every command (decisions.md 24). */
export const exit = { ok: 0, failed: 1, usage: 2, unreachable: 3 } as const;

interface Facts {
  /** The command, file, server or workspace concerned. */
  readonly where?: string;
  readonly why?: string;
  /** What to do or to run next. */
  readonly next?: string;
  readonly cause?: unknown;
}

/** An error for people: the message says what went wrong, the rest where, why and what to do. */
export class CliError extends Error {
  override name = "CliError";
  readonly exitCode: number = exit.failed;
  readonly where: string | undefined;
  readonly why: string | undefined;
  readonly next: string | undefined;
  constructor(what: string, facts: Facts = {}) {
    super(what, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.where = facts.where;
    this.why = facts.why;
    this.next = facts.next;
  }
}

/** The command line itself is wrong. */
export class UsageError extends CliError {
  override name = "UsageError";
  override readonly exitCode = exit.usage;
}

/** kcp, or another server that the command needs, does not answer. */
export class UnreachableError extends CliError {
  override name = "UnreachableError";
  override readonly exitCode = exit.unreachable;
}
