import { type AccountKey, formatKey, parseKey } from "../../shared/account-key.ts";
import { isTrue } from "../../shared/conditions.ts";
import { type CloudEvent, fact, resource } from "../../shared/event.ts";
import { defineFunction, done, drop, type OwnEvent } from "../../shared/function.ts";
import type { Account, AccountInfo, Workspace } from "../../shared/kcp/objects.ts";
import { condition } from "../../shared/names.ts";
import { accountType, workspaceTypeName } from "../../shared/naming.ts";
import type { World } from "../../shared/world.ts";
import { infoStep } from "../manage-accountinfo/info.ts";

interface Deps {
  infoIn(cluster: string): Promise<AccountInfo | undefined>;
  accountsIn(cluster: string): Promise<readonly Account[]>;
  workspaceNamed(cluster: string, name: string): Promise<Workspace | undefined>;
  worldFor(account: Account, cluster: string): World;
}

/** Tells an account of a change elsewhere in the tree: children that their parent's AccountInfo changed, a parent that
 *  a child is gone, accounts without a Workspace that their org's WorkspaceType changed. Apart from the others, since one event here becomes events about other accounts, each with the
 *  order key of its own. */
export default defineFunction<Deps>({
  name: "relay-lineage",
  on: [
    { type: resource.add, kind: "AccountInfo", deleting: "false" },
    { type: resource.update, kind: "AccountInfo", deleting: "false" },
    { type: resource.delete, kind: "Account" },
    { type: resource.update, kind: "WorkspaceType" },
  ],
  async handle(event, deps) {
    const cluster = event.kcpcluster;
    if (event.kind === "WorkspaceType") return done(...(await toWaiting(event, deps)));
    if (!cluster) return drop("no cluster");
    if (event.kind === "Account") return done({ type: fact.deleted }, ...(await toParent(cluster, deps)));
    return done(...(await toChildren(cluster, deps)));
  },
});

async function toParent(cluster: string, deps: Deps): Promise<readonly OwnEvent[]> {
  const info = await deps.infoIn(cluster);
  if (!info?.metadata.deletionTimestamp) return [];
  const { originClusterId, name } = info.spec.account;
  return [{ type: fact.childDeleted, accountkey: formatKey({ cluster: originClusterId, name }) }];
}

/** The accounts of an org, at any depth, that have no Workspace: they may wait for the type that it will be of. */
async function toWaiting(event: CloudEvent, deps: Deps): Promise<readonly OwnEvent[]> {
  const org = parseKey(event.accountkey);
  const told: OwnEvent[] = [];
  const visit = async (parent: AccountKey): Promise<void> => {
    const cluster = (await deps.workspaceNamed(parent.cluster, parent.name))?.spec?.cluster;
    for (const { metadata } of cluster ? await deps.accountsIn(cluster) : []) {
      const key = { cluster: cluster ?? "", name: metadata.name };
      if (await deps.workspaceNamed(key.cluster, key.name)) await visit(key);
      else told.push({ type: fact.workspaceTypeChanged, accountkey: formatKey(key) });
    }
  };
  if (org && event.name === workspaceTypeName(org.name, accountType)) await visit(org);
  return told;
}

/** Only those that have something to do: waiting for the AccountInfo, or no longer equal to it. */
async function toChildren(cluster: string, deps: Deps): Promise<readonly OwnEvent[]> {
  const told: OwnEvent[] = [];
  for (const child of await deps.accountsIn(cluster)) {
    const { name, deletionTimestamp } = child.metadata;
    if (deletionTimestamp) continue;
    const state = await infoStep.observe(deps.worldFor(child, cluster));
    if (state.is === "complete" && isTrue(child, condition.info)) continue;
    told.push({ type: fact.parentInfoChanged, accountkey: formatKey({ cluster, name }) });
  }
  return told;
}
