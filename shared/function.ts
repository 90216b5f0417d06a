import { type CloudEvent, type Filter, fact } from "./event.ts";
import type { SecurityRecord } from "./kcp/objects.ts";
import type { Step, StepState } from "./step.ts";

/** One object somewhere in kcp: what a wait names, so that its next change wakes the waiter. */
export interface ObjectRef {
  readonly kind: string;
  readonly cluster: string;
  readonly name: string;
}

/** A fact to emit. The runner adds id, source, causation, trace and, unless given, the account key of the cause. */
export interface OwnEvent {
  readonly type: string;
  /** Names the fact itself, where more than one event may tell of it: its CloudEvent is the same whatever the cause. */
  readonly id?: string;
  readonly subject?: string;
  readonly accountkey?: string;
  readonly data?: unknown;
}

/** Told to people as a Kubernetes Event on the Account; never for a normal pass (decisions.md 13). */
export interface Notice {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
}

interface Settled {
  /** Facts to emit, found rather than done, so that a second run tells them again (decisions.md 7). */
  readonly events: readonly OwnEvent[];
  /** States of the function's own steps that override what `observe` sees in this pass. */
  readonly states: readonly (readonly [condition: string, state: StepState])[];
  readonly notices: readonly Notice[];
  /** What `status.security` shall say; it stays as it is without. */
  readonly security?: SecurityRecord;
}
export type Result =
  | { readonly kind: "done" }
  | { readonly kind: "waiting"; readonly reason: string; readonly ref: ObjectRef }
  | { readonly kind: "requeue"; readonly ms: number; readonly reason: string }
  | { readonly kind: "drop"; readonly reason: string };
export type Outcome = Result & Settled & OutcomeBuilder;
interface OutcomeBuilder {
  /** Adds the state of a step; shared/status.ts writes it with all that follows from it. */
  with(condition: string, state: StepState): Outcome;
  /** Adds a fact. */
  emitting(event: OwnEvent): Outcome;
  /** Adds a Kubernetes Event on the Account. */
  telling(notice: Notice): Outcome;
  /** The same for a repair, which is told as a CloudEvent too. */
  repairing(notice: Notice): Outcome;
  /** Replaces `status.security`. */
  securing(security: SecurityRecord): Outcome;
}

function outcome(result: Result, settled: Settled): Outcome {
  const extended = (more: Partial<Settled>) => outcome(result, { ...settled, ...more });
  const telling = (notice: Notice) => extended({ notices: [...settled.notices, notice] });
  return {
    ...result,
    ...settled,
    with: (condition, state) => extended({ states: [...settled.states, [condition, state]] }),
    emitting: (event) => extended({ events: [...settled.events, event] }),
    telling,
    securing: (security) => extended({ security }),
    repairing: (notice) => {
      const told = { type: fact.repaired, data: { reason: notice.reason, message: notice.message } };
      return outcome(result, { ...telling(notice), events: [...settled.events, told] });
    },
  };
}
const nothing: Settled = { events: [], states: [], notices: [] };

/** The step is where it should be; the events are facts found, told again on a second run (decisions.md 7). */
export const done = (...events: OwnEvent[]): Outcome => outcome({ kind: "done" }, { ...nothing, events });
/** Not yet: a change of `ref` wakes the function again, no timer does (decisions.md 6). */
export const waiting = (reason: string, ref: ObjectRef): Outcome => outcome({ kind: "waiting", reason, ref }, nothing);
/** Only for waiting for time itself: the same event comes again after `ms` milliseconds, no attempt counted. */
export const requeue = (ms: number, reason: string): Outcome => outcome({ kind: "requeue", ms, reason }, nothing);
/** The same outcome, and the event comes again to be looked at once more. */
export const again = ({ events, states, notices, security }: Outcome, ms: number, reason: string): Outcome =>
  outcome({ kind: "requeue", ms, reason }, { events, states, notices, ...(security && { security }) });
/** Nothing to do for this event, now or later. */
export const drop = (reason: string): Outcome => outcome({ kind: "drop", reason }, nothing);

/** Can never succeed: goes to the dead letters at once, without a retry. */
export class TerminalError extends Error {
  override name = "TerminalError";
}

export interface Log {
  debug(fields: object, message?: string): void;
  info(fields: object, message?: string): void;
  warn(fields: object, message?: string): void;
  error(fields: object, message?: string): void;
}

/** What an invocation brings besides the event. */
export interface Ctx {
  /** Milliseconds since the epoch. */
  now(): number;
  readonly signal: AbortSignal;
  /** 1 on the first delivery. */
  readonly attempt: number;
  readonly log: Log;
}

/** One single-purpose function: metadata and a pure handler. */
export interface AccountFunction<Deps = never> {
  readonly name: string;
  readonly on: readonly Filter[];
  /** Conditions of the Account that this function owns, in order. */
  readonly steps?: readonly Step[];
  /** Works only where accounts are secured, or moreover only with OpenFGA. */
  readonly needs?: "security" | "fga";
  handle(event: CloudEvent, deps: Deps, ctx: Ctx): Promise<Outcome>;
}

export function defineFunction<Deps>(definition: AccountFunction<Deps>): AccountFunction<Deps> {
  return definition;
}
