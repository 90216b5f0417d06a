import { type CloudEvent, fact, resource } from "../../shared/event.ts";
import { defineFunction, done, drop, type Outcome, waiting } from "../../shared/function.ts";
import type { Workspace, WorkspaceType } from "../../shared/kcp/objects.ts";
import { condition, finalizer, label } from "../../shared/names.ts";
import { accountType, orgType, workspaceTypeName } from "../../shared/naming.ts";
import { stopped } from "../../shared/step.ts";
import type { World } from "../../shared/world.ts";
import { isOwned, workspaceStep } from "../create-workspace/workspace.ts";
import { workspaceTypeStep } from "../create-workspace/workspace-types.ts";

interface Deps {
  worldOf(event: CloudEvent): Promise<World | undefined>;
  deleteWorkspace(world: World, workspace: Workspace): Promise<void>;
  deleteWorkspaceType(world: World, type: WorkspaceType): Promise<void>;
  removeFinalizers(world: World, names: readonly string[]): Promise<void>;
}

/** Takes a deleted Account down in the reverse of the order in which create-workspace built it: the Workspace, then an
 *  org's WorkspaceTypes; each finalizer goes only when its part is gone (spec/accounts.md, section 4). */
export default defineFunction<Deps>({
  name: "remove-workspace",
  on: [
    { type: resource.add, kind: "Account", deleting: "true" },
    { type: resource.update, kind: "Account", deleting: "true" },
    { type: resource.delete, kind: "Workspace" },
    { type: resource.delete, kind: "WorkspaceType" },
    { type: fact.resyncDue },
  ],
  steps: [workspaceTypeStep, workspaceStep],
  async handle(event, deps) {
    const world = await deps.worldOf(event);
    if (!world) return drop("the Account is gone");
    if (!world.isDeleting) return drop("the Account is not being deleted");
    return (await withoutWorkspace(world, deps)) ?? (await withoutTypes(world, deps)) ?? release(world, deps);
  },
});

/** The wait for the Workspace to go, or `undefined` when none of ours is left. Somebody else's is left alone. */
async function withoutWorkspace(world: World, deps: Deps): Promise<Outcome | undefined> {
  if (!has(world, finalizer.account)) return undefined;
  const workspace = await world.workspace();
  if (!workspace || !isOwned(workspace, world)) return undefined;
  if (!workspace.metadata.deletionTimestamp) await deps.deleteWorkspace(world, workspace);
  if (!(await world.workspace())) return undefined;
  return wait("Waiting for Workspace deletion", condition.workspaceFinalize, world.workspaceRef());
}

async function withoutTypes(world: World, deps: Deps): Promise<Outcome | undefined> {
  if (!has(world, finalizer.workspaceType)) return undefined;
  const org = world.account.metadata.name;
  for (const name of [orgType, accountType].map((type) => workspaceTypeName(org, type))) {
    const type = await world.workspaceType(name);
    if (type?.metadata.labels?.[label.org] !== org) continue;
    if (!type.metadata.deletionTimestamp) await deps.deleteWorkspaceType(world, type);
    if (await world.workspaceType(name)) {
      const ref = { kind: "WorkspaceType", cluster: world.cluster, name };
      return wait("Waiting for WorkspaceType deletion", condition.workspaceTypeFinalize, ref);
    }
  }
  return undefined;
}

async function release(world: World, deps: Deps): Promise<Outcome> {
  await deps.removeFinalizers(world, [finalizer.account, finalizer.workspaceType]);
  return done();
}

const wait = (reason: string, type: string, ref: ReturnType<World["workspaceRef"]>): Outcome =>
  waiting(reason, ref).with(type, stopped(reason, ref));

const has = (world: World, name: string): boolean => world.account.metadata.finalizers?.includes(name) ?? false;
