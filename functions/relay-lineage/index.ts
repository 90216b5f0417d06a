import { formatKey } from "../../shared/account-key.ts";
import { isTrue } from "../../shared/conditions.ts";
import { fact, resource } from "../../shared/event.ts";
import { defineFunction, done, drop, type OwnEvent } from "../../shared/function.ts";
import type { Account, AccountInfo } from "../../shared/kcp/objects.ts";
import { condition } from "../../shared/names.ts";
import type { World } from "../../shared/world.ts";
import { infoStep } from "../manage-accountinfo/info.ts";

interface Deps {
  infoIn(cluster: string): Promise<AccountInfo | undefined>;
  accountsIn(cluster: string): Promise<readonly Account[]>;
  worldFor(account: Account, cluster: string): World;
}

/** Tells an account of a change next to it in the tree: children that their parent's AccountInfo changed, a parent that
 *  a child is gone. Apart from the others, since one event here becomes events about other accounts, each with the
 *  order key of its own. */
export default defineFunction<Deps>({
  name: "relay-lineage",
  on: [
    { type: resource.add, kind: "AccountInfo", deleting: "false" },
    { type: resource.update, kind: "AccountInfo", deleting: "false" },
    { type: resource.delete, kind: "Account" },
  ],
  async handle(event, deps) {
    const cluster = event.kcpcluster;
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
