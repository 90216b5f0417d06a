import { findCondition, isTrue } from "../shared/conditions.ts";
import type { Account, Phase, Workspace } from "../shared/kcp/objects.ts";
import { condition } from "../shared/names.ts";

/** Phase as `status.phase` says it, or as it follows from the conditions where the schema has no phase. */
export function phaseOf(account: Account): Phase {
  if (account.metadata.deletionTimestamp) return "Deleting";
  if (account.status?.phase) return account.status.phase;
  if (isTrue(account, condition.ready)) return "Ready";
  const conditions = account.status?.conditions ?? [];
  if (conditions.some(({ reason }) => reason === "Error")) return "Failed";
  return conditions.length > 0 ? "Provisioning" : "Declared";
}

/** When the account entered its present phase, in milliseconds since the epoch. */
export function phaseSince(account: Account): number {
  const { deletionTimestamp, creationTimestamp } = account.metadata;
  return Date.parse(
    deletionTimestamp ?? findCondition(account, condition.ready)?.lastTransitionTime ?? creationTimestamp,
  );
}

/** What a not-ready account waits for, in one line; empty when it waits for nothing. */
export function waitsFor(account: Account, workspace: Workspace | undefined, children: readonly string[]): string {
  if (account.metadata.deletionTimestamp) return deletionWaitsFor(account, workspace, children);
  const conditions = account.status?.conditions ?? [];
  if (conditions.length === 0) return "no function has looked at it yet: is pm run up?";
  const blocked = conditions.find(({ type, status }) => status === "False" && type !== condition.ready);
  if (blocked?.reason === "Error") return blocked.message;
  const { phase, initializers = [] } = workspace?.status ?? {};
  if (workspace && phase !== "Ready")
    return `workspace ${phase || "Scheduling"}${initializers.length ? `: ${initializers.join(", ")}` : ""}`;
  return blocked ? `${blocked.type}: ${blocked.message}` : "";
}

function deletionWaitsFor(account: Account, workspace: Workspace | undefined, children: readonly string[]): string {
  if (children.length > 0) return `blocked: ${counted(children.length, "child account")} (${children.join(", ")})`;
  if (workspace) return `workspace ${workspace.metadata.deletionTimestamp ? "is being deleted" : "is still there"}`;
  const { finalizers = [] } = account.metadata;
  return finalizers.length ? `finalizers ${finalizers.join(", ")}` : "";
}

/** `1 account`, `2 accounts`. */
export const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;
