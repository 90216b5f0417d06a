import { isDeepStrictEqual } from "node:util";
import type { AccountInfo, AccountInfoSpec, AccountLocation, Workspace } from "../../shared/kcp/objects.ts";
import { condition, finalizer } from "../../shared/names.ts";
import { complete, due, failed, type Step, type StepState, stopped } from "../../shared/step.ts";
import type { World } from "../../shared/world.ts";
import { typeChange } from "../create-workspace/refusal.ts";

/** fga and oidc of an org belong to whoever secures it: kept, never decided here (decisions.md 37). */
export type Security = Partial<Pick<AccountInfoSpec, "fga" | "oidc">>;

/** The last segment of the URL that kcp gives a workspace is its path; `undefined` as long as there is none. */
export function pathOf(workspace: Workspace): string | undefined {
  const { URL: url } = workspace.spec ?? {};
  const path = url && URL.canParse(url) ? new URL(url).pathname.split("/").at(-1) : undefined;
  return path ? decodeURIComponent(path) : undefined;
}

/** What AccountInfo has to say of lineage; an account's fga and oidc are its parent's, an org's are not looked at. */
export async function wantedSpec(world: World): Promise<Omit<AccountInfoSpec, "fga" | "oidc"> & Security> {
  const clusterInfo = { ca: world.settings.serverCa };
  const account = await locationOf(world);
  const parent = await world.parentInfo();
  if (!parent) return { account, organization: account, clusterInfo };
  const { account: parentAccount, organization, fga, oidc } = parent.spec;
  return { account, parentAccount, organization, clusterInfo, fga, ...(oidc && { oidc }) };
}

async function locationOf(world: World): Promise<AccountLocation> {
  const workspace = await world.workspace();
  return {
    name: world.account.metadata.name,
    generatedClusterId: workspace?.spec?.cluster ?? "",
    originClusterId: world.cluster,
    path: (workspace && pathOf(workspace)) ?? "",
    url: workspace?.spec?.URL ?? "",
    type: world.account.spec.type,
  };
}

/** The part of the spec that this function answers for: everything for an account, lineage alone for an org. */
export function ownPart(info: AccountInfo, world: World): object {
  if (!world.isOrg) return info.spec;
  const { fga: _fga, oidc: _oidc, ...lineage } = info.spec;
  return lineage;
}

export const isCurrent = async (info: AccountInfo, world: World): Promise<boolean> =>
  isDeepStrictEqual(ownPart(info, world), await wantedSpec(world)) &&
  info.metadata.finalizers?.includes(finalizer.info) === true;

export const infoStep: Step = {
  condition: condition.info,
  async observe(world): Promise<StepState> {
    const workspace = await world.workspace();
    const phase = await phaseOf(world, workspace);
    const notYet = stopped("Workspace not ready yet", world.workspaceRef());
    if (!workspace || !pathOf(workspace) || workspace.metadata.deletionTimestamp) return notYet;
    if (!world.owns(workspace)) return stopped("Workspace does not belong to this Account", world.workspaceRef());
    const changed = typeChange(world, workspace);
    if (changed) return failed(changed);
    if (phase !== "Initializing" && phase !== "Ready") return notYet;
    if (!world.isOrg && !(await world.parentInfo())) {
      return stopped("Parent AccountInfo does not exist yet", world.parentInfoRef());
    }
    const info = await world.info();
    if (info) return !info.metadata.deletionTimestamp && (await isCurrent(info, world)) ? complete : due;
    const bound = (await world.coreBinding())?.status?.phase === "Bound";
    return phase === "Ready" || bound ? due : notYet;
  },
};

/** The LogicalCluster's phase counts when it is ahead of the Workspace's (decisions.md 8). */
async function phaseOf(world: World, workspace: Workspace | undefined): Promise<string | undefined> {
  const phase = workspace?.status?.phase;
  if (phase === "Initializing" || phase === "Ready") return phase;
  return (await world.logicalCluster())?.status?.phase ?? phase;
}
