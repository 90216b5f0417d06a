import { parseKey } from "../../shared/account-key.ts";
import { type CloudEvent, fact, resource } from "../../shared/event.ts";
import { defineFunction, done, drop, waiting } from "../../shared/function.ts";
import type { Account, AccountInfo, Workspace } from "../../shared/kcp/objects.ts";
import { finalizer } from "../../shared/names.ts";

interface Deps {
  isOthers(event: CloudEvent): Promise<boolean>;
  infoIn(cluster: string): Promise<AccountInfo | undefined>;
  accountsIn(cluster: string): Promise<readonly Account[]>;
  workspaceNamed(cluster: string, name: string): Promise<Workspace | undefined>;
  presentWorkspace(cluster: string, name: string): Promise<Workspace | undefined>;
  releaseInfo(cluster: string, info: AccountInfo): Promise<void>;
}

/** The gate of deletion: AccountInfo, and with it the workspace, stays as long as an Account lives in it, so that an
 *  org goes bottom-up and nothing is orphaned. An AccountInfo deleted by hand is no reason to hold anything: what it
 *  knew is passed on to manage-accountinfo, which makes it again (decisions.md 17). */
export default defineFunction<Deps>({
  name: "release-accountinfo",
  on: [
    { type: resource.add, kind: "AccountInfo", deleting: "true" },
    { type: resource.update, kind: "AccountInfo", deleting: "true" },
    { type: fact.childDeleted },
    { type: fact.resyncDue },
  ],
  async handle(event, deps) {
    if (await deps.isOthers(event)) return drop("no Account");
    const cluster = await clusterOf(event, deps);
    const info = cluster ? await deps.infoIn(cluster) : undefined;
    if (!cluster || !info?.metadata.deletionTimestamp) return drop("AccountInfo is not being deleted");
    if (!info.metadata.finalizers?.includes(finalizer.info)) return drop("already released");
    if (!(await isGoing(info, deps))) {
      const { fga, oidc } = info.spec;
      return done({ type: fact.infoDeleted, data: { fga, oidc } });
    }
    const child = (await deps.accountsIn(cluster))[0];
    if (child) return waiting("Accounts still exist", { kind: "Account", cluster, name: child.metadata.name });
    await deps.releaseInfo(cluster, info);
    return done();
  },
});

/** Cluster of the AccountInfo: where the event comes from, or the own workspace of the account that it is about. */
async function clusterOf(event: CloudEvent, deps: Deps): Promise<string | undefined> {
  if (event.kind === "AccountInfo") return event.kcpcluster;
  const key = parseKey(event.accountkey);
  return key && (await deps.workspaceNamed(key.cluster, key.name))?.spec?.cluster;
}

/** The workspace of this AccountInfo is being deleted, or its Workspace object is gone or belongs to another one. The
 *  server is asked before that is denied: the end of the Workspace may be seen after that of what is in it. */
async function isGoing(info: AccountInfo, deps: Deps): Promise<boolean> {
  const { originClusterId, name, generatedClusterId } = info.spec.account;
  const isLeaving = (workspace: Workspace | undefined) =>
    !workspace || workspace.metadata.deletionTimestamp !== undefined || workspace.spec?.cluster !== generatedClusterId;
  if (isLeaving(await deps.workspaceNamed(originClusterId, name))) return true;
  return isLeaving(await deps.presentWorkspace(originClusterId, name));
}
