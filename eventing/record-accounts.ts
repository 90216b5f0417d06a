import { findCondition, isTrue } from "../shared/conditions.ts";
import type { Observation } from "../shared/invoke.ts";
import type { Call, Target, Writer } from "../shared/kcp/client.ts";
import { type Kind, kinds, type Resource } from "../shared/kcp/kinds.ts";
import type { Account, KubeObject } from "../shared/kcp/objects.ts";
import type { Metrics } from "../shared/metrics.ts";
import { condition } from "../shared/names.ts";
import { orgType } from "../shared/naming.ts";
import type { Store } from "./store.ts";

/** Records what an invocation changed about an account (features.md 002-M03 to M05). An account is measured when it
 *  becomes ready for the first time only: the reference observes again on each pass, so that it shows ages. */
export function recordAccounts({ accounts }: Metrics): (observation: Observation) => void {
  return ({ function: name, before, after, outcome }) => {
    const isOrg = after.spec.type === orgType;
    if (isFirstTime(before, after, condition.workspaceReady)) {
      accounts.workspaceReady.observe(
        { type: isOrg ? orgType : "account" },
        ageSeconds(after, condition.workspaceReady),
      );
    }
    if (isOrg && isFirstTime(before, after, condition.ready)) {
      accounts.orgProvisioning.observe(ageSeconds(after, condition.ready));
    }
    const repaired = outcome.notices.some(({ reason }) => reason === "WorkspaceTypeRepaired");
    if (name === "create-workspace" && isOrg && isTrue(before, condition.workspaceType) && !repaired) {
      for (const wst_kind of ["org", "account"]) accounts.workspaceTypes.inc({ operation: "unchanged", wst_kind });
    }
  };
}

function isFirstTime(before: Account, after: Account, type: string): boolean {
  const { phase = "Provisioning" } = before.status ?? {};
  return !isTrue(before, type) && isTrue(after, type) && (phase === "Provisioning" || phase === "Declared");
}

function ageSeconds(account: Account, type: string): number {
  const end = Date.parse(findCondition(account, type)?.lastTransitionTime ?? "");
  return Math.max(0, end - Date.parse(account.metadata.creationTimestamp)) / 1000;
}

/** A writer that counts what is written of WorkspaceTypes. */
export function countingTypes(writer: Writer, { accounts }: Metrics): Writer {
  const count = (operation: string, resource: Resource, name: string) => {
    if (resource.plural !== kinds.WorkspaceType.plural) return;
    accounts.workspaceTypes.inc({ operation, wst_kind: name.endsWith("-org") ? "org" : "account" });
  };
  return {
    ...writer,
    async create(resource, cluster, object, call) {
      const created = await writer.create(resource, cluster, object, call);
      count("created", resource, object.metadata.name);
      return created;
    },
    async mergePatch<T extends KubeObject>(resource: Resource, target: Target, patch: object, call?: Call) {
      const patched = await writer.mergePatch<T>(resource, target, patch, call);
      count("updated", resource, target.name);
      return patched;
    },
  };
}

/** Counts what the source knows, and the Accounts in it that are not Ready, whenever somebody asks. */
export function recordObjects({ events, accounts }: Metrics, store: Pick<Store, "all">, now = Date.now): void {
  const { objects } = events;
  const { notReady, longestNotReady } = accounts;
  const collect = () => {
    for (const kind of Object.keys(kinds) as Kind[]) objects.set({ kind }, [...store.all(kind)].length);
  };
  const collectNotReady = () => {
    const since = [...store.all("Account")].flatMap((account) => notReadySince(account) ?? []);
    notReady.set(since.length);
    longestNotReady.set(since.length > 0 ? Math.max(0, now() - Math.min(...since)) / 1000 : 0);
  };
  Object.assign(objects, { collect });
  Object.assign(notReady, { collect: collectNotReady });
}

/** Milliseconds since the epoch; `undefined` for one that is Ready, or goes. */
function notReadySince(account: Account): number | undefined {
  if (account.metadata.deletionTimestamp || isTrue(account, condition.ready)) return undefined;
  return Date.parse(findCondition(account, condition.ready)?.lastTransitionTime ?? account.metadata.creationTimestamp);
}
