import type { Workspace } from "../../shared/kcp/objects.ts";
import { annotation, condition } from "../../shared/names.ts";
import { workspaceTypeName } from "../../shared/naming.ts";
import { complete, due, failed, type Step, type StepState, stopped } from "../../shared/step.ts";
import type { World } from "../../shared/world.ts";
import { refusal, typeChange } from "./refusal.ts";

/** Without the owner reference it is ours if its maker allows it, or if our AccountInfo inside says so: somebody took
 *  the reference away. */
async function mayOwn(workspace: Workspace, world: World): Promise<boolean> {
  if (workspace.metadata.annotations?.[annotation.adopt] === "true") return true;
  return world.isRecorded();
}

/** Name of the WorkspaceType for this account, or what has to be there first. */
export async function typeOf(world: World): Promise<string | StepState> {
  const { name } = world.account.metadata;
  if (world.isOrg) return workspaceTypeName(name, world.account.spec.type);
  const parent = await world.parentInfo();
  if (!parent) return stopped("AccountInfo not found yet", world.parentInfoRef());
  const org = parent.spec.organization?.name;
  if (!org) return stopped("AccountInfo organization name not set yet", world.parentInfoRef());
  return workspaceTypeName(org, world.account.spec.type);
}

export const workspaceStep: Step = {
  condition: condition.workspace,
  async observe(world: World): Promise<StepState> {
    const workspace = await world.workspace();
    if (workspace) return present(workspace, world);
    const refused = await refusal(world);
    if (refused) return failed(refused);
    const type = await typeOf(world);
    if (typeof type !== "string") return type;
    const workspaceType = await world.workspaceType(type);
    const ready = workspaceType?.status?.conditions?.some((c) => c.type === "Ready" && c.status === "True");
    if (ready) return due;
    const cluster = world.isOrg ? world.cluster : ((await world.parentInfo())?.spec.organization.originClusterId ?? "");
    return stopped("Workspace type not ready yet", { kind: "WorkspaceType", cluster, name: type });
  },
};

async function present(workspace: Workspace, world: World): Promise<StepState> {
  const { name, deletionTimestamp } = workspace.metadata;
  if (world.owns(workspace)) {
    const changed = typeChange(world, workspace);
    if (changed) return failed(changed);
    return deletionTimestamp
      ? stopped("Workspace is being deleted, it will be created anew", world.workspaceRef())
      : complete;
  }
  if (await mayOwn(workspace, world)) return due;
  return failed(
    `Workspace ${JSON.stringify(name)} exists and was not made for this Account: delete or rename one of the two, ` +
      `or let the Account take it over with kubectl annotate workspace ${name} ${annotation.adopt}=true`,
  );
}
