import { type CloudEvent, fact, resource } from "../../shared/event.ts";
import { defineFunction, done, drop, type Outcome, waiting } from "../../shared/function.ts";
import type { Workspace, WorkspaceType } from "../../shared/kcp/objects.ts";
import { condition, finalizer } from "../../shared/names.ts";
import { accountType, orgType, workspaceTypeName } from "../../shared/naming.ts";
import { complete, type Step, stopped } from "../../shared/step.ts";
import type { World } from "../../shared/world.ts";

interface Deps {
  worldOf(event: CloudEvent): Promise<World | undefined>;
  deleteWorkspace(world: World, workspace: Workspace): Promise<void>;
  deleteWorkspaceType(world: World, type: WorkspaceType): Promise<void>;
  presentWorkspace(cluster: string, name: string): Promise<Workspace | undefined>;
  removeFinalizers(world: World, names: readonly string[]): Promise<void>;
}

/** Somebody else's Workspace of that name is left alone. One that has lost its owner reference, as with
 *  `kubectl delete --cascade=orphan`, is known by its AccountInfo: what no Account stands for would stay for ever. */
async function ownWorkspace(world: World): Promise<Workspace | undefined> {
  const workspace = has(world, finalizer.account) ? await world.workspace() : undefined;
  return workspace && (world.owns(workspace) || (await world.isRecorded())) ? workspace : undefined;
}

/** By their names alone, as create-workspace takes them for its own: a label may have been changed by hand. */
async function ownTypes(world: World): Promise<readonly WorkspaceType[]> {
  if (!has(world, finalizer.workspaceType)) return [];
  const org = world.account.metadata.name;
  const names = [orgType, accountType].map((type) => workspaceTypeName(org, type));
  const types = await Promise.all(names.map((name) => world.typeBeside(name)));
  return types.filter((type) => type !== undefined);
}

const workspaceGone: Step = {
  condition: condition.workspaceFinalize,
  observe: async (world) =>
    (await ownWorkspace(world)) ? stopped("Waiting for Workspace deletion", world.workspaceRef()) : complete,
};

const typesGone: Step = {
  condition: condition.workspaceTypeFinalize,
  async observe(world) {
    const [type] = await ownTypes(world);
    if (!type) return complete;
    const ref = { kind: "WorkspaceType", cluster: world.cluster, name: type.metadata.name };
    return stopped("Waiting for WorkspaceType deletion", ref);
  },
};

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
  steps: [workspaceGone, typesGone],
  async handle(event, deps) {
    const world = await deps.worldOf(event);
    if (!world) return drop("the Account is gone");
    if (!world.isDeleting) return drop("the Account is not being deleted");
    if (!(await world.workspace())) await deps.presentWorkspace(world.cluster, world.account.metadata.name);
    const workspace = await ownWorkspace(world);
    if (workspace && !workspace.metadata.deletionTimestamp) await deps.deleteWorkspace(world, workspace);
    const waits = await stillThere(workspaceGone, world);
    if (waits) return waits;
    for (const type of await ownTypes(world)) {
      if (!type.metadata.deletionTimestamp) await deps.deleteWorkspaceType(world, type);
    }
    const typesWait = await stillThere(typesGone, world);
    return typesWait?.with(condition.workspaceFinalize, complete) ?? release(world, deps);
  },
});

async function stillThere(step: Step, world: World): Promise<Outcome | undefined> {
  const state = await step.observe(world);
  return state.is === "stopped" && state.ref
    ? waiting(state.message, state.ref).with(step.condition, state)
    : undefined;
}

async function release(world: World, deps: Deps): Promise<Outcome> {
  await deps.removeFinalizers(world, [finalizer.account, finalizer.workspaceType]);
  return done();
}

const has = (world: World, name: string): boolean => world.account.metadata.finalizers?.includes(name) ?? false;
