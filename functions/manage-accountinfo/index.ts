import { isTrue } from "../../shared/conditions.ts";
import { type CloudEvent, fact, resource } from "../../shared/event.ts";
import {
  type Ctx,
  defineFunction,
  done,
  drop,
  type Notice,
  type Outcome,
  type OwnEvent,
  requeue,
  waiting,
} from "../../shared/function.ts";
import { classify } from "../../shared/kcp/errors.ts";
import type { AccountInfo, AccountInfoSpec } from "../../shared/kcp/objects.ts";
import { condition, finalizer, infoName } from "../../shared/names.ts";
import { repairPatch } from "../../shared/repair-patch.ts";
import { stopped } from "../../shared/step.ts";
import type { World } from "../../shared/world.ts";
import { infoStep, ownPart, wantedSpec } from "./info.ts";
import { lostSecurity, securityIn } from "./kept-security.ts";

interface Deps {
  worldOf(event: CloudEvent): Promise<World | undefined>;
  createInfo(cluster: string, spec: AccountInfoSpec): Promise<void>;
  repairInfo(cluster: string, info: AccountInfo, spec: object): Promise<void>;
  releaseInfo(cluster: string, info: AccountInfo): Promise<void>;
}

/** Writes AccountInfo `account` into the account's workspace, as soon as kcp serves it there, and keeps it right:
 *  lineage, CA, and what accounts inherit of their parent (spec/accounts.md, step 3). */
export default defineFunction<Deps>({
  name: "manage-accountinfo",
  on: [
    { type: fact.workspaceCreated },
    { type: resource.add, kind: "Workspace", phase: "Ready" },
    { type: resource.add, kind: "Workspace", phase: "Initializing" },
    { type: resource.update, kind: "Workspace", phase: "Initializing" },
    { type: resource.update, kind: "Workspace", phase: "Ready" },
    { type: resource.add, kind: "APIBinding", phase: "Bound" },
    { type: resource.update, kind: "APIBinding", phase: "Bound" },
    { type: resource.add, kind: "AccountInfo", deleting: "false" },
    { type: resource.update, kind: "AccountInfo", deleting: "false" },
    { type: resource.delete, kind: "AccountInfo" },
    { type: fact.infoDeleted },
    { type: fact.parentInfoChanged },
    { type: fact.resyncDue },
  ],
  steps: [infoStep],
  async handle(event, deps, ctx) {
    const world = await deps.worldOf(event);
    if (!world) return drop("no Account");
    if (world.isDeleting) return drop("the Account is being deleted");
    if (world.settings.disabledSteps.has(condition.info)) return drop("switched off");
    if (event.type === fact.infoDeleted) await release(world, deps);
    if (world.isOrg) await giveBack(event, world, deps);
    const state = await infoStep.observe(world);
    if (state.is === "stopped" && state.ref) return waiting(state.message, state.ref);
    if (state.is === "error") return drop(state.message);
    if (state.is === "due") return write(event, world, deps, ctx);
    return done(...(await infoReady(world)));
  },
});

/** Told as long as the Account is not Ready, so that a crash here loses nothing; a Workspace that is not ready yet will
 *  wake the next step by itself. */
async function infoReady(world: World): Promise<readonly OwnEvent[]> {
  const { phase } = (await world.workspace())?.status ?? {};
  return phase === "Ready" && !isTrue(world.account, condition.ready) ? [{ type: fact.infoReady }] : [];
}

/** Deleted by hand: our finalizer is all that may hold it; what it knew came along with the event. */
async function release(world: World, deps: Deps): Promise<void> {
  const info = await world.info();
  const cluster = await world.ownCluster();
  const isOurs = info?.metadata.deletionTimestamp && info.metadata.finalizers?.includes(finalizer.info);
  if (info && cluster && isOurs) await deps.releaseInfo(cluster, info);
}

async function giveBack(event: CloudEvent, world: World, deps: Deps): Promise<void> {
  const info = await world.info();
  const cluster = await world.ownCluster();
  const lost = info && !info.metadata.deletionTimestamp && lostSecurity(event, info);
  if (cluster && lost) await deps.repairInfo(cluster, info, lost);
}

async function write(event: CloudEvent, world: World, deps: Deps, ctx: Ctx): Promise<Outcome> {
  const cluster = (await world.ownCluster()) ?? "";
  const info = await world.info();
  if (info?.metadata.deletionTimestamp) {
    const ref = { kind: "AccountInfo", cluster, name: infoName };
    // The event that carries what it knew must outlast the wait.
    const keeps = event.type === fact.infoDeleted;
    const outcome = keeps ? requeue(heldAgainMs, heldBy(info)) : waiting(heldBy(info), ref);
    return outcome.with(condition.info, stopped(heldBy(info), ref));
  }
  try {
    if (info) await deps.repairInfo(cluster, info, repairPatch(ownPart(info, world), await wantedSpec(world)));
    else await deps.createInfo(cluster, { ...noStore, ...securityIn(event), ...(await wantedSpec(world)) });
  } catch (error) {
    const { phase } = (await world.workspace())?.status ?? {};
    // While kcp initializes the workspace it answers 403 or 404 for a binding that is not usable yet.
    const isNotYet = ["forbidden", "not-found"].includes(classify(error));
    if (phase === "Ready" || !isNotYet) throw error;
    return notYet(event, world, ctx);
  }
  const outcome = done(...(await infoReady(world)));
  return isTrue(world.account, condition.info) ? outcome.repairing(repaired(info)) : outcome;
}

/** How often an AccountInfo that others hold is looked at, in milliseconds; its end wakes the function earlier. */
const heldAgainMs = 30_000;
const noStore = { fga: { store: { id: "" } } };

/** How long after a binding is Bound kcp may still refuse to serve it, and when to ask again, in milliseconds. */
const bindingLag = { atMost: 300, askEvery: 30 };

function notYet(event: CloudEvent, world: World, ctx: Ctx): Outcome {
  const reason = "Workspace not ready yet";
  const ref = world.workspaceRef();
  const age = ctx.now() - Date.parse(event.time ?? "");
  const outcome = age < bindingLag.atMost ? requeue(bindingLag.askEvery, reason) : waiting(reason, ref);
  return outcome.with(condition.info, stopped(reason, ref));
}

const repaired = (info: AccountInfo | undefined): Notice =>
  info
    ? {
        type: "Normal",
        reason: "AccountInfoUpdated",
        message: "AccountInfo differed from the Account and its parent and is brought up to date",
      }
    : { type: "Warning", reason: "AccountInfoRestored", message: "AccountInfo was deleted and is restored" };

const heldBy = (info: AccountInfo): string => {
  const others = info.metadata.finalizers?.filter((name) => name !== finalizer.info) ?? [];
  return `AccountInfo is being deleted and held by ${others.join(", ")}; it is restored once it is gone`;
};
