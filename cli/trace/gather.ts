import type { Archive, StoredInvocation } from "../../eventing/bus/archive.ts";
import type { StoredEvent } from "../../eventing/bus/bus.ts";
import { traceIdOf } from "../../eventing/trace-context.ts";
import type { CloudEvent } from "../../shared/event.ts";
import type { AccountPath } from "../account-path.ts";
import { CliError } from "../errors.ts";
import type { HistoryRange } from "../history-range.ts";

/** How an account is named: by its path, or by what one of its events has. */
export type Subject =
  | { readonly by: "path"; readonly at: AccountPath }
  | { readonly by: "trace"; readonly id: string }
  | { readonly by: "event"; readonly id: string };

/** All that is kept of the accounts that a subject names. */
export interface Gathered {
  readonly events: readonly StoredEvent[];
  readonly invocations: readonly StoredInvocation[];
}

/** Reads twice: which account is meant, the events themselves tell, so that it may be long gone. Throws CliError. */
export async function gather(
  archive: Archive,
  subject: Subject,
  range: HistoryRange,
  signal: AbortSignal,
): Promise<Gathered> {
  const keys = new Set<string>();
  const learn = (event: CloudEvent) => {
    if (event.accountkey !== undefined && isNamedBy(subject, event)) keys.add(event.accountkey);
  };
  for await (const { event } of archive.history({ signal })) learn(event);
  for await (const { invocation } of archive.invocations({ signal })) learn(invocation.event);
  signal.throwIfAborted();

  const isAbout = ({ accountkey }: CloudEvent) => accountkey !== undefined && keys.has(accountkey);
  const events: StoredEvent[] = [];
  for await (const stored of archive.history({ ...range.start, signal })) {
    if (range.isOver(stored)) break;
    if (range.holds(stored) && isAbout(stored.event)) events.push(stored);
  }
  const invocations: StoredInvocation[] = [];
  for (const accountkey of keys) {
    for await (const stored of archive.invocations({ accountkey, signal })) {
      const { event, startedAt } = stored.invocation;
      if (range.holdsCause(event, startedAt)) invocations.push(stored);
    }
  }
  signal.throwIfAborted();
  if (events.length + invocations.length === 0) throw nothingOf(subject);
  return { events, invocations };
}

function isNamedBy(subject: Subject, { id, kind, name, kcppath, traceparent }: CloudEvent): boolean {
  if (subject.by === "event") return id === subject.id;
  if (subject.by === "trace") return traceIdOf(traceparent)?.startsWith(subject.id) ?? false;
  const { at } = subject;
  return (kind === "Account" || kind === "Workspace") && name === at.name && kcppath === at.parent;
}

function nothingOf(subject: Subject): CliError {
  const what = subject.by === "path" ? `account ${subject.at.path}` : `${subject.by} ${subject.id}`;
  return new CliError(`nothing is kept of ${what}`, {
    why: "no event of it is in this stretch of what the bus keeps",
    next: "widen --from and --to; pm events shows what is kept",
  });
}
