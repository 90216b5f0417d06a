import { isTrue } from "../../shared/conditions.ts";
import type { Account } from "../../shared/kcp/objects.ts";
import { condition } from "../../shared/names.ts";

const reached: readonly (readonly [name: string, is: (account: Account) => boolean])[] = [
  ["Declared", () => true],
  ["WorkspaceType", (account) => account.spec.type === "org" && isTrue(account, condition.workspaceType)],
  ["Workspace", (account) => isTrue(account, condition.workspace)],
  ["AccountInfo", (account) => isTrue(account, condition.info)],
  ["Ready", isReady],
];

/** The stages on its way to Ready that an account has behind it, in their order. */
export const milestones = (account: Account): readonly string[] =>
  reached.filter(([, is]) => is(account)).map(([name]) => name);

export function isReady(account: Account): boolean {
  const isCurrent = (account.status?.observedGeneration ?? 0) >= (account.metadata.generation ?? 0);
  return isCurrent && !account.metadata.deletionTimestamp && isTrue(account, condition.ready);
}
