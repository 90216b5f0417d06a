import type { Account, Condition, Phase, SecurityRecord } from "./kcp/objects.ts";
import { condition as names } from "./names.ts";
import type { StepState } from "./step.ts";

/** Status of an Account as far as the functions write it. */
export interface AccountStatus {
  readonly conditions: readonly Condition[];
  readonly observedGeneration: number;
  readonly phase: Phase;
  readonly security?: SecurityRecord;
}

/** One step with the state seen in this pass. */
export interface Observed {
  readonly condition: string;
  readonly state: StepState;
}

type Verdict = Pick<Condition, "status" | "reason" | "message">;

const awaiting = (type: string): Verdict => ({
  status: "Unknown",
  reason: "Unknown",
  message: `awaiting first reconciliation for ${type}`,
});

const ready = {
  complete: { status: "True", reason: "Complete", message: "all subroutines completed successfully" },
  error: { status: "False", reason: "Error", message: "one or more subroutines encountered an error" },
  stopped: { status: "False", reason: "Stopped", message: "one or more subroutines stopped the chain" },
} as const satisfies Record<string, Verdict>;

/** The status that follows from the steps, in their order. What is recorded of other components stays. */
export function statusOf(account: Account, chain: readonly Observed[], now: number): AccountStatus {
  const verdicts = new Map<string, Verdict>();
  let end: keyof typeof ready = "complete";
  for (const { condition, state } of chain) {
    const verdict = verdictOf(account, condition, state, end !== "complete");
    verdicts.set(condition, verdict);
    if (end === "complete" && verdict.status !== "True") end = state.is === "error" ? "error" : "stopped";
  }
  verdicts.set(names.ready, ready[end]);
  const conditions = merge(account, verdicts, now);
  return { conditions, observedGeneration: generationOf(account), phase: phaseOf(account, end) };
}

/** Same words, times and generation: nothing to write. */
export function sameStatus(account: Account, next: AccountStatus): boolean {
  const { conditions = [], observedGeneration, phase } = account.status ?? {};
  return (
    phase === next.phase &&
    observedGeneration === next.observedGeneration &&
    conditions.length === next.conditions.length &&
    next.conditions.every((condition, index) => condition === conditions[index])
  );
}

/** The same step waits, but for something else than what people were told. */
export const waitsForAnother = (before: Account, next: AccountStatus): boolean =>
  waitsOf(next.conditions).some(({ type, message }) => {
    const told = waitsOf(before.status?.conditions ?? []).find((wait) => wait.type === type);
    return told !== undefined && told.message !== message;
  });

/** People were told this wait already, though of another step. */
export const waitsForTheSame = (before: Account, next: AccountStatus): boolean =>
  waitsOf(next.conditions).some(({ message }) =>
    waitsOf(before.status?.conditions ?? []).some((told) => told.message === message),
  );

const waitsOf = (conditions: readonly Condition[]): readonly Condition[] =>
  conditions.filter(({ reason, type }) => reason === "Stopped" && type !== names.ready);

export const findCondition = (account: Account, type: string): Condition | undefined =>
  account.status?.conditions?.find((condition) => condition.type === type);

export const isTrue = (account: Account, type: string): boolean => findCondition(account, type)?.status === "True";

/** It was Ready before, whatever it is now. */
export function wasReady(account: Account): boolean {
  const { phase } = account.status ?? {};
  return phase === "Ready" || phase === "Updating" || isTrue(account, names.ready);
}

function verdictOf(account: Account, type: string, state: StepState, behindStop: boolean): Verdict {
  const recorded = findCondition(account, type);
  switch (state.is) {
    case "skipped":
      return { status: "True", reason: "Skipped", message: state.message };
    case "complete":
      return behindStop ? (recorded ?? awaiting(type)) : { status: "True", reason: "Complete", message: "" };
    case "due":
      return behindStop ? untrue(recorded, type) : (recorded ?? awaiting(type));
    case "stopped":
      return behindStop ? untrue(recorded, type) : { status: "False", reason: "Stopped", message: state.message };
    case "error":
      return behindStop ? untrue(recorded, type) : { status: "False", reason: "Error", message: state.message };
  }
}

/** Behind a step that did not complete, what was recorded last stays, unless it says True of what is not so. */
const untrue = (recorded: Condition | undefined, type: string): Verdict =>
  recorded && recorded.status !== "True" ? recorded : awaiting(type);

/** Keeps the object of a condition that says the same, so that `sameStatus` can compare by identity. */
function merge(account: Account, verdicts: ReadonlyMap<string, Verdict>, now: number): readonly Condition[] {
  const recorded = account.status?.conditions ?? [];
  const kept = recorded.map((old) => {
    const verdict = verdicts.get(old.type);
    return verdict ? update(old, verdict, account, now) : old;
  });
  const known = new Set(recorded.map(({ type }) => type));
  const added = [...verdicts]
    .filter(([type]) => !known.has(type))
    .map(([type, verdict]) => fresh(type, verdict, account, now));
  return [...kept, ...added];
}

function update(old: Condition, verdict: Verdict, account: Account, now: number): Condition {
  const observedGeneration = generationOf(account);
  const sameWords =
    old.status === verdict.status &&
    old.reason === verdict.reason &&
    // The reference writes messages of its own when a step is complete: they are as good as ours.
    (old.message === verdict.message || verdict.status === "True");
  if (sameWords && old.observedGeneration === observedGeneration) return old;
  const message = sameWords ? old.message : verdict.message;
  const lastTransitionTime = old.status === verdict.status ? old.lastTransitionTime : timestamp(now);
  return { ...old, ...verdict, message, lastTransitionTime, observedGeneration };
}

const fresh = (type: string, verdict: Verdict, account: Account, now: number): Condition => ({
  type,
  ...verdict,
  lastTransitionTime: timestamp(now),
  observedGeneration: generationOf(account),
});

/** Provisioning until it was Ready or Failed once, Updating from then on (seed 001, lifecycle). */
function phaseOf(account: Account, end: keyof typeof ready): Phase {
  if (account.metadata.deletionTimestamp) return "Deleting";
  if (end === "complete") return "Ready";
  if (end === "error") return "Failed";
  return wasReady(account) || account.status?.phase === "Failed" ? "Updating" : "Provisioning";
}

const generationOf = (account: Account): number => account.metadata.generation ?? 0;

/** RFC 3339 in whole seconds, as metav1.Time. */
export const timestamp = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
