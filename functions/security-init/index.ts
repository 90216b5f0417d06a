import { type CloudEvent, fact, resource } from "../../shared/event.ts";
import { type Ctx, defineFunction, drop, waiting } from "../../shared/function.ts";
import type { AccountInfo, SecurityRecord } from "../../shared/kcp/objects.ts";
import { finalizer, infoName } from "../../shared/names.ts";
import type { World } from "../../shared/world.ts";
import { typeChange } from "../create-workspace/refusal.ts";
import { type Chain, isRetryScheduled, type Part, runParts } from "./chain.ts";
import { clientsPart, realmPart } from "./clients.ts";
import type { Deps } from "./deps.ts";
import { apisPart, creatorPart, releasePart } from "./held.ts";
import { modelPart } from "./model.ts";
import { authenticationPart, infoPart, invitationPart } from "./sign-in.ts";
import { isSettled, securityStep } from "./step.ts";
import { accountTuplesPart, orgTuplesPart, storePart } from "./store.ts";
import { tearDown } from "./teardown.ts";
import { teardownOf } from "./teardown-of.ts";

const partsOfOrg: readonly Part[] = [
  creatorPart,
  apisPart,
  storePart,
  modelPart,
  orgTuplesPart,
  realmPart,
  clientsPart,
  infoPart,
  authenticationPart,
  invitationPart,
  releasePart,
];
const partsOfAccount: readonly Part[] = [creatorPart, accountTuplesPart, releasePart];

/** Makes whoever created an org or account its owner, and nobody else: store, model and tuples in OpenFGA, realm and
 *  clients at the identity provider, and kcp told of both, all while the initializer holds the workspace; and takes it
 *  away again while the terminator does (spec/security.md). Apart from the others, since nothing else leaves kcp. */
export default defineFunction<Deps>({
  name: "security-init",
  needs: "security",
  on: [
    { type: resource.add, kind: "LogicalCluster", phase: "Initializing" },
    { type: resource.update, kind: "LogicalCluster", phase: "Initializing" },
    { type: resource.add, kind: "LogicalCluster", phase: "Terminating" },
    { type: resource.update, kind: "LogicalCluster", phase: "Terminating" },
    { type: resource.add, kind: "AccountInfo", deleting: "false" },
    { type: resource.update, kind: "AccountInfo", deleting: "false" },
    { type: resource.add, kind: "APIBinding", phase: "Bound" },
    { type: resource.update, kind: "APIBinding", phase: "Bound" },
    { type: resource.add, kind: "Account" },
    { type: resource.update, kind: "Account" },
    { type: resource.add, kind: "WorkspaceType" },
    { type: resource.update, kind: "WorkspaceType" },
    { type: resource.delete, kind: "Workspace" },
    { type: fact.childDeleted },
    { type: fact.resyncDue },
  ],
  steps: [securityStep],
  async handle(event, deps, ctx) {
    const { security } = deps.settings;
    if (!security) return drop("security is off");
    if (await deps.isOthers(event)) return drop("another installation's");
    const world = await deps.worldOf(event);
    const teardown = await teardownOf(event, world, deps);
    if (teardown) return tearDown(teardown, { deps, ctx, security }, event);
    if (!world) return drop("no Account");
    if (world.isDeleting) return drop("the Account is being deleted");
    const nothingToDo = await reasonToLeave(event, world, ctx);
    if (nothingToDo) return drop(nothingToDo);
    const workspace = await world.workspace();
    const cluster = workspace?.spec?.cluster;
    if (!cluster || !world.owns(workspace)) return waiting("Workspace not ready yet", world.workspaceRef());
    // Of an account that calls itself an org nobody makes a store and a realm.
    const changed = typeChange(world, workspace);
    if (changed) return drop(changed);
    const info = await world.info();
    if (!info || info.metadata.deletionTimestamp) {
      return waiting("AccountInfo not found yet", { kind: "AccountInfo", cluster, name: infoName });
    }
    await holdForTeardown(world, deps);
    return runParts(world.isOrg ? partsOfOrg : partsOfAccount, chainOf({ world, info, cluster }, { event, deps, ctx }));
  },
});

interface Secured {
  readonly world: World;
  readonly info: AccountInfo;
  readonly cluster: string;
}

interface Call {
  readonly event: CloudEvent;
  readonly deps: Deps;
  readonly ctx: Ctx;
}

function chainOf({ world, info, cluster }: Secured, { event, deps, ctx }: Call): Chain {
  const { security: settings } = deps.settings;
  if (!settings) throw new Error("security is off");
  const before = world.account.status?.security;
  const { steps: _ofBefore, retryAt: _passed, cause: _told, ...known } = before ?? noRecord;
  const observedGeneration = world.account.metadata.generation ?? 0;
  return {
    world,
    settings,
    info,
    cluster,
    creator: world.account.spec.creator ?? "",
    fga: deps.fga,
    identity: deps.identity,
    clusters: deps.clusters,
    kcp: deps,
    ctx,
    event,
    before,
    clientIds: {},
    record: { ...known, observedGeneration, cluster },
    audits: [],
  };
}
const noRecord: SecurityRecord = { observedGeneration: 0, steps: [] };

/** Most events change nothing about what is secured already. */
async function reasonToLeave(event: CloudEvent, world: World, ctx: Ctx): Promise<string | undefined> {
  const { security: record } = world.account.status ?? {};
  if (!record || record.observedGeneration !== world.account.metadata.generation) return undefined;
  if (record.cluster !== (await world.ownCluster())) return undefined;
  // Its handling was cut off, or it is the retry.
  if (event.id === record.cause) return undefined;
  if (isRetryScheduled(record, ctx.now())) return "a retry is under way";
  // A refusal may have become a permission, by an annotation.
  const isRefused = record.steps.some(({ state }) => state === "Failed");
  if (event.kind === "Account" && event.type !== fact.resyncDue && !isRefused)
    return "security does not depend on that";
  if (!record.steps.every(isSettled)) return undefined;
  if (event.kind === "LogicalCluster") return "its workspace was let go of";
  if (event.kind === "AccountInfo" && (await saysTheSame(world, record))) return "secured already";
  if (event.kind === "APIBinding" && !world.isOrg) return "an account has no model of its own";
  return undefined;
}

async function saysTheSame(world: World, { storeId, issuer }: SecurityRecord): Promise<boolean> {
  const { fga, oidc } = (await world.info())?.spec ?? {};
  return (storeId === undefined || fga?.store.id === storeId) && (issuer === undefined || oidc?.issuerUrl === issuer);
}

/** A workspace that was made while security was off has no terminator, for life: the Account's finalizer stands in for it
 *  (decisions.md 29). */
async function holdForTeardown(world: World, deps: Deps): Promise<void> {
  const { phase, terminators } = (await world.logicalCluster())?.status ?? {};
  if (phase !== "Ready" || terminators?.includes(deps.settings.security?.marker ?? "")) return;
  await deps.claimAccount(world, [finalizer.security]);
}
