import { isTrue } from "../../shared/conditions.ts";
import { formatDuration } from "../../shared/duration.ts";
import type { Account } from "../../shared/kcp/objects.ts";
import { condition } from "../../shared/names.ts";
import { phaseOf } from "../account-state.ts";
import { columns } from "../output.ts";

/** One line an account. */
export function accountTable(accounts: readonly Account[], parent: string, now: number): string {
  const rows = accounts.map((account) => [
    account.metadata.name,
    account.spec.type,
    phaseOf(account),
    isTrue(account, condition.ready) ? "True" : "False",
    formatDuration(now - Date.parse(account.metadata.creationTimestamp)),
    `${parent}:${account.metadata.name}`,
    account.spec.displayName,
  ]);
  return columns([["NAME", "TYPE", "PHASE", "READY", "AGE", "PATH", "DISPLAY NAME"], ...rows]);
}
