import { timestamp } from "../../shared/conditions.ts";
import type { Condition, Membership, MembershipStatus } from "../../shared/kcp/objects.ts";
import { conditionOf, memberCondition, memberReason } from "../../shared/membership.ts";

export type Verdict = Pick<Condition, "status" | "reason" | "message">;

export const yes = (reason: string, message: string): Verdict => ({ status: "True", reason, message });
export const no = (reason: string, message: string): Verdict => ({ status: "False", reason, message });

/** What is to be said of a Membership; Ready follows from it. */
export interface Told extends Omit<MembershipStatus, "conditions" | "observedGeneration"> {
  readonly granted: Verdict;
  /** Left as it is unless given. */
  readonly invited?: Verdict;
}

/** `undefined` when the Membership says so already. */
export function nextStatus(membership: Membership, told: Told, now: number): MembershipStatus | undefined {
  const { granted, invited: toldInvited, ...facts } = told;
  const invited = toldInvited ?? conditionOf(membership, memberCondition.invited);
  const verdicts = [
    [memberCondition.granted, granted],
    ...(invited ? [[memberCondition.invited, invited] as const] : []),
    [memberCondition.ready, readyOf(granted, invited)],
  ] as const;
  const old = membership.status ?? {};
  const observedGeneration = membership.metadata.generation ?? 0;
  const conditions = verdicts.map(([type, verdict]) => conditionAs(membership, type, verdict, now));
  const isSame =
    old.observedGeneration === observedGeneration &&
    conditions.every((condition) => old.conditions?.includes(condition)) &&
    Object.entries(facts).every(([name, value]) => sameJson(value, old[name as keyof MembershipStatus]));
  return isSame ? undefined : { ...facts, observedGeneration, conditions };
}

function readyOf(granted: Verdict, invited: Verdict | undefined): Verdict {
  if (granted.status !== "True") return granted;
  if (invited?.status === "False") return invited;
  return yes(memberReason.granted, granted.message);
}

/** The object itself when it says the same. */
function conditionAs(membership: Membership, type: string, verdict: Verdict, now: number): Condition {
  const { status, reason, message } = verdict;
  const observedGeneration = membership.metadata.generation ?? 0;
  const old = conditionOf(membership, type);
  const says = { type, status, reason, message, observedGeneration };
  if (old && Object.entries(says).every(([name, value]) => old[name as keyof Condition] === value)) return old;
  const lastTransitionTime = old?.status === status ? old.lastTransitionTime : timestamp(now);
  return { ...says, lastTransitionTime };
}

const sameJson = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
