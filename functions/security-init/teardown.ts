import { type AccountKey, parseKey } from "../../shared/account-key.ts";
import { audit, type CloudEvent, fact } from "../../shared/event.ts";
import type { Fga } from "../../shared/fga/fga.ts";
import { revoke } from "../../shared/fga/revocation.ts";
import { type Ctx, done, drop, type Outcome, requeue, waiting } from "../../shared/function.ts";
import { IdentityError } from "../../shared/identity/identity.ts";
import { condition, finalizer } from "../../shared/names.ts";
import type { SecuritySettings } from "../../shared/settings.ts";
import { complete, stopped } from "../../shared/step.ts";
import type { World } from "../../shared/world.ts";
import { troubleOf } from "./chain.ts";
import { clientsOf, credentialsIn, organizationOf, secretName } from "./clients.ts";
import type { Deps } from "./deps.ts";
import { ownerMark } from "./store.ts";

/** An account whose security is to go. */
export interface Teardown {
  readonly key: AccountKey;
  readonly isOrg: boolean;
  /** Cluster id of the account's own workspace, while there is one. */
  readonly cluster: string | undefined;
  /** `undefined` when the Account object is gone already. */
  readonly world: World | undefined;
}
interface Run {
  readonly deps: Deps;
  readonly ctx: Ctx;
  readonly security: SecuritySettings;
}

/** What of this event is about an end: of the workspace, which our terminator holds, or of an Account that our finalizer
 *  holds since its workspace has no terminator. */
export async function teardownOf(
  event: CloudEvent,
  world: World | undefined,
  deps: Deps,
): Promise<Teardown | undefined> {
  const key = parseKey(event.accountkey);
  if (!key) return undefined;
  if (event.kind === "LogicalCluster" && event.phase === "Terminating" && event.kcpcluster) {
    return { key, isOrg: world?.isOrg ?? isOrgPath(event.kcppath, deps), cluster: event.kcpcluster, world };
  }
  if (!world?.isDeleting) return undefined;
  const workspace = await world.workspace();
  const isHeld = world.account.metadata.finalizers?.includes(finalizer.security) ?? false;
  if (!workspace) return isHeld ? { key, isOrg: world.isOrg, cluster: undefined, world } : undefined;
  const looksAgain = event.type === fact.childDeleted || event.type === fact.resyncDue;
  if (!looksAgain || !workspace.metadata.deletionTimestamp) return undefined;
  return { key, isOrg: world.isOrg, cluster: workspace.spec?.cluster, world };
}

const isOrgPath = (path: string | undefined, { settings }: Deps): boolean =>
  path?.startsWith(`${settings.orgsPath}:`) === true && !path.slice(settings.orgsPath.length + 1).includes(":");

/** Takes back what was granted, then lets go of the workspace or the Account. What is missing already counts as done. */
export async function tearDown(teardown: Teardown, run: Run, event: CloudEvent): Promise<Outcome> {
  const { cluster, isOrg, world } = teardown;
  const { deps, ctx } = run;
  if (world && !world.isDeleting) return letGo(teardown, run, done());
  const [child] = isOrg && cluster ? await deps.accountsIn(cluster) : [];
  if (child && cluster) {
    const ref = { kind: "Account", cluster, name: child.metadata.name };
    return waiting("Accounts still exist", ref).with(condition.securityFinalize, stopped("Accounts still exist", ref));
  }
  try {
    const outcome = isOrg ? await removeOrg(teardown, run) : await revokeAccount(teardown, run);
    return await letGo(teardown, run, outcome.with(condition.securityFinalize, complete));
  } catch (error) {
    if (ctx.signal.aborted) throw error;
    const { state, message = "" } = troubleOf(error);
    const told = stopped(message, world?.workspaceRef());
    // The longer it lasts, the more rarely it is tried, up to once a minute.
    const age = ctx.now() - Date.parse(event.time ?? "");
    const ms = state === "Failed" ? 60_000 : Math.min(60_000, Math.max(1000, (age || 0) / 4));
    return requeue(ms, message).with(condition.securityFinalize, told);
  }
}

/** Of a workspace that was deleted by hand while its Account stays, nothing was granted that the next one would not need. */
async function letGo({ cluster, world }: Teardown, { deps, ctx }: Run, outcome: Outcome): Promise<Outcome> {
  if (cluster) await deps.clusters.releaseMarker({ cluster, marker: "terminator" }, ctx);
  else if (world?.isDeleting) await deps.removeFinalizers(world, [finalizer.security]);
  return outcome;
}

async function revokeAccount({ key, cluster, world }: Teardown, { deps, ctx }: Run): Promise<Outcome> {
  const { fga } = deps;
  const store = world?.account.status?.security?.storeId ?? (world && (await world.parentInfo())?.spec.fga.store.id);
  if (!fga || !store || !(await fga.getStore({ id: store }, ctx))) return done();
  const deletes = await revoke(fga, { store, account: key, ...(cluster && { cluster }) }, ctx);
  const data = {
    account: key.name,
    origin: key.cluster,
    tuples: deletes,
    why: "the account is deleted",
    before: true,
    after: false,
  };
  return deletes.length > 0 ? done({ type: audit.revoked, data }) : done();
}

async function removeOrg({ key, world }: Teardown, run: Run): Promise<Outcome> {
  const { deps } = run;
  const { name } = key;
  // Whose realm and store these are is known by the Account's uid alone.
  if (!world) return drop("its Account is gone: store and realm are left, since nothing tells whose they are");
  const store = await removeStore(world, deps, run.ctx);
  const organization = await removeIdentity(world, run);
  for (const client of clientsOf(name, run.security))
    await deps.deleteSecret(key.cluster, secretName(name, client.name));
  await deps.deleteAuthentication(key.cluster, name);
  return done({ type: audit.organizationRemoved, data: { organization: name, store, identity: organization } });
}

async function removeStore(world: World, { fga }: Deps, ctx: Ctx): Promise<string | undefined> {
  if (!fga) return undefined;
  const { name, uid } = world.account.metadata;
  const recorded = world.account.status?.security?.storeId;
  for (const { id } of await fga.findStores({ name }, ctx)) {
    if (id !== recorded && !(await isMarked(fga, { store: id, uid }, ctx))) continue;
    await fga.deleteStore({ id }, ctx);
    return id;
  }
  return undefined;
}

async function isMarked(fga: Fga, { store, uid }: { store: string; uid: string }, ctx: Ctx): Promise<boolean> {
  const { user, object } = ownerMark(uid);
  return (await fga.read({ store, filter: { object } }, ctx)).some((mark) => mark.user === user);
}

/** A realm that is somebody else's stays as it is. */
async function removeIdentity(world: World, { deps, ctx, security }: Run): Promise<"removed" | "foreign" | "none"> {
  const { identity, clusters } = deps;
  if (!identity || !security.parts.identity) return "none";
  const organization = organizationOf(world);
  try {
    for (const { name } of clientsOf(organization.name, security)) {
      const secret = { cluster: world.cluster, name: secretName(organization.name, name) };
      const stored = await clusters.readSecret(secret, ctx);
      const known = stored && credentialsIn(stored);
      await identity.removeClient({ organization, name, ...(known && { known }) }, ctx);
    }
    await identity.removeOrganization(organization, ctx);
    return "removed";
  } catch (error) {
    if (error instanceof IdentityError && error.problem === "foreign") return "foreign";
    throw error;
  }
}
