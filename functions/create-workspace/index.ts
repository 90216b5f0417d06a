import { isTrue, wasReady } from "../../shared/conditions.ts";
import { type CloudEvent, fact, resource } from "../../shared/event.ts";
import { defineFunction, done, drop, type Notice, type Outcome, waiting } from "../../shared/function.ts";
import type { Workspace, WorkspaceType, WorkspaceTypeSpec } from "../../shared/kcp/objects.ts";
import { condition, finalizer } from "../../shared/names.ts";
import { repairPatch } from "../../shared/repair-patch.ts";
import type { World } from "../../shared/world.ts";
import { infoStep } from "../manage-accountinfo/info.ts";
import { refusal } from "./refusal.ts";
import { typeOf, workspaceStep } from "./workspace.ts";
import { asWanted, ownPart, wantedTypes, workspaceTypeStep } from "./workspace-types.ts";

interface Deps {
  worldOf(event: CloudEvent): Promise<World | undefined>;
  claimAccount(world: World, finalizers: readonly string[]): Promise<boolean>;
  createWorkspaceType(world: World, name: string, spec: WorkspaceTypeSpec): Promise<void>;
  repairWorkspaceType(world: World, type: WorkspaceType, spec: object): Promise<void>;
  createWorkspace(world: World, type: { name: string; path: string }): Promise<void>;
  ownWorkspace(world: World, workspace: Workspace): Promise<void>;
}

/** Gives an Account its kcp Workspace, and an org the WorkspaceTypes that it needs; puts back what somebody removed.
 *  Finalizers come before anything outside the Account is created (spec/accounts.md, steps 0 to 2). */
export default defineFunction<Deps>({
  name: "create-workspace",
  on: [
    { type: resource.add, kind: "Account", deleting: "false" },
    { type: resource.update, kind: "Account", deleting: "false" },
    // Made anew and changed by hand while nobody watched, it is seen as new.
    { type: resource.add, kind: "Workspace", phase: "Ready" },
    { type: resource.update, kind: "Workspace", phase: "Ready" },
    { type: resource.delete, kind: "Workspace" },
    { type: resource.add, kind: "WorkspaceType" },
    { type: resource.update, kind: "WorkspaceType" },
    { type: resource.delete, kind: "WorkspaceType" },
    { type: fact.parentInfoChanged },
    { type: fact.workspaceTypeChanged },
    { type: fact.resyncDue },
  ],
  steps: [workspaceTypeStep, workspaceStep],
  async handle(event, deps) {
    const world = await deps.worldOf(event);
    if (!world) return drop("no Account");
    if (world.isDeleting) return drop("the Account is being deleted");
    const refused = await refusal(world);
    const refreshed = await deps.claimAccount(world, refused ? [] : finalizersOf(world));
    const repairs = [
      ...(keepsTypes(world, refused) ? await ensureTypes(world, deps) : []),
      ...(refused ? [] : await ensureWorkspace(world, deps)),
    ];
    const outcome = refused ? drop(refused) : await outcomeOf(world, refreshed);
    return repairs.reduce((repaired, notice) => repaired.repairing(notice), outcome);
  },
});

const finalizersOf = (world: World): readonly string[] =>
  world.isOrg ? [finalizer.workspaceType, finalizer.account] : [finalizer.account];

/** The accounts of an org go on to need its types when somebody has made it something else. */
const keepsTypes = (world: World, refused: string | undefined): boolean =>
  refused ? world.account.metadata.finalizers?.includes(finalizer.workspaceType) === true : world.isOrg;

async function ensureTypes(world: World, deps: Deps): Promise<readonly Notice[]> {
  if (world.settings.disabledSteps.has(condition.workspaceType)) return [];
  const repairs: Notice[] = [];
  const org = world.account.metadata.name;
  for (const wanted of wantedTypes(org, world.settings.orgsPath)) {
    const type = await world.typeBeside(wanted.name);
    if (type && (type.metadata.deletionTimestamp || asWanted(type, wanted, org))) continue;
    if (type) await deps.repairWorkspaceType(world, type, repairPatch(ownPart(type, wanted), wanted.spec));
    else await deps.createWorkspaceType(world, wanted.name, wanted.spec);
    if (type || isTrue(world.account, condition.workspaceType)) {
      repairs.push(
        repaired(
          "WorkspaceTypeRepaired",
          `WorkspaceType ${wanted.name} was ${type ? "changed" : "deleted"} and is restored`,
        ),
      );
    }
  }
  return repairs;
}

async function ensureWorkspace(world: World, deps: Deps): Promise<readonly Notice[]> {
  if (world.settings.disabledSteps.has(condition.workspace)) return [];
  if ((await workspaceStep.observe(world)).is !== "due") return [];
  const { name } = world.account.metadata;
  const workspace = await world.workspace();
  if (workspace) {
    await deps.ownWorkspace(world, workspace);
    return [repaired("WorkspaceAdopted", `Workspace ${name} now belongs to this Account`)];
  }
  const type = await typeOf(world);
  if (typeof type !== "string") return [];
  await deps.createWorkspace(world, { name: type, path: world.settings.orgsPath });
  if (!wasReady(world.account)) return [];
  return [repaired("WorkspaceRecreated", `Workspace ${name} was gone; it is created anew and empty`)];
}

const repaired = (reason: string, message: string): Notice => ({ type: "Warning", reason, message });

/** `workspace-created` is told as long as the next step has not been taken, so that a crash here loses nothing; and when
 *  it has to be taken again, as after a change of the Account's type. */
async function outcomeOf(world: World, refreshed: boolean): Promise<Outcome> {
  const state = await workspaceStep.observe(world);
  if (state.is === "stopped" && state.ref) return waiting(state.message, state.ref);
  if (state.is === "error") return drop(state.message);
  const isTaken = isTrue(world.account, condition.info) && (await infoStep.observe(world)).is !== "due";
  return isTaken && !refreshed ? done() : done({ type: fact.workspaceCreated });
}
