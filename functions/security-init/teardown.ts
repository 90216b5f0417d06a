import { audit, type CloudEvent } from "../../shared/event.ts";
import type { Fga } from "../../shared/fga/fga.ts";
import { revoke } from "../../shared/fga/revocation.ts";
import { type Ctx, done, drop, type Outcome, requeue, waiting } from "../../shared/function.ts";
import { condition, finalizer } from "../../shared/names.ts";
import type { SecuritySettings } from "../../shared/settings.ts";
import { complete, stopped } from "../../shared/step.ts";
import { troubleOf } from "./chain.ts";
import { clientsOf, credentialsIn, secretName } from "./clients.ts";
import type { Deps } from "./deps.ts";
import { ownerMark } from "./store.ts";
import type { Teardown } from "./teardown-of.ts";
import { accountRevoked } from "./told.ts";

export interface Run {
  readonly deps: Deps;
  readonly ctx: Ctx;
  readonly security: SecuritySettings;
}

/** Takes back what was granted, then lets go of the workspace or the Account. What is missing already counts as done. */
export async function tearDown(teardown: Teardown, run: Run, event: CloudEvent): Promise<Outcome> {
  const { cluster, isOrg, world } = teardown;
  const { deps, ctx } = run;
  try {
    if (world && !world.isDeleting) return await letGo(teardown, run, done());
    const [child] = isOrg && cluster ? await deps.accountsIn(cluster) : [];
    if (child && cluster) {
      const ref = { kind: "Account", cluster, name: child.metadata.name };
      return waiting("Accounts still exist", ref).with(
        condition.securityFinalize,
        stopped("Accounts still exist", ref),
      );
    }
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

async function revokeAccount(teardown: Teardown, run: Run): Promise<Outcome> {
  const { fga } = run.deps;
  if (!fga) return done();
  const { key, uid, world } = teardown;
  const secured = world?.account.status?.security;
  const cluster = teardown.cluster ?? secured?.cluster;
  const account = { account: key, ...(cluster && { cluster }) };
  const stores = await storesOf(teardown, { ...run, fga });
  const tuples = (await Promise.all(stores.map((store) => revoke(fga, { store, ...account }, run.ctx)))).flat();
  if (tuples.length === 0 && !secured?.creatorSeeded) return done();
  const about = { account: key.name, origin: key.cluster, id: uid ?? cluster ?? key.cluster };
  return done(accountRevoked({ ...about, tuples }, run.security));
}

/** The org's store as it was put down, or as the workspace around the account knows it; else each of its name, since what
 *  is asked for by cluster ids is found in no other org's. One that is gone would take writes without a word. */
async function storesOf({ key, org, world }: Teardown, { deps, ctx, fga }: Run & { readonly fga: Fga }) {
  const noted = world?.account.status?.security?.storeId;
  const parents = (await deps.infoIn(key.cluster))?.spec.fga.store.id;
  const ids = new Set([noted, parents].flatMap((id) => id || []));
  const found = await Promise.all([...ids].map((id) => fga.getStore({ id }, ctx)));
  const present = found.filter((store) => store !== undefined);
  const stores = present.length > 0 || org === undefined ? present : await fga.findStores({ name: org }, ctx);
  return stores.map(({ id }) => id);
}

async function removeOrg(teardown: Teardown, run: Run): Promise<Outcome> {
  const { key, uid } = teardown;
  const { deps, security } = run;
  const { name } = key;
  // Whose realm and store these are is known by the Account's uid alone.
  if (uid === undefined)
    return drop("its Account is gone: store and realm are left, since nothing tells whose they are");
  const owned = { ...teardown, uid };
  const stores = await removeStores(owned, run);
  await removeIdentity(owned, run);
  for (const client of clientsOf(name, security)) await deps.deleteSecret(key.cluster, secretName(name, client.name));
  await deps.deleteAuthentication(key.cluster, name);
  const data = { organization: name, uid, stores };
  return done({ type: audit.organizationRemoved, id: `${uid}/removed`, data });
}

type Owned = Teardown & { readonly uid: string };

async function removeStores({ key, uid, world }: Owned, { deps, ctx }: Run): Promise<readonly string[]> {
  const { fga } = deps;
  if (!fga) return [];
  const noted = world?.account.status?.security?.storeId;
  const removed: string[] = [];
  for (const { id } of await fga.findStores({ name: key.name }, ctx)) {
    if (id !== noted && !(await isMarked(fga, { store: id, uid }, ctx))) continue;
    await fga.deleteStore({ id }, ctx);
    removed.push(id);
  }
  return removed;
}

async function isMarked(fga: Fga, { store, uid }: { store: string; uid: string }, ctx: Ctx): Promise<boolean> {
  const { user, object } = ownerMark(uid);
  return (await fga.read({ store, filter: { object } }, ctx)).some((mark) => mark.user === user);
}

/** A realm that is somebody else's is left alone by the provider. */
async function removeIdentity({ key, uid, world }: Owned, { deps, ctx, security }: Run): Promise<void> {
  const { identity, clusters } = deps;
  if (!identity || !security.parts.identity) return;
  const { name } = key;
  const organization = { name, uid, displayName: world?.account.spec.displayName ?? name };
  for (const client of clientsOf(name, security)) {
    const secret = { cluster: key.cluster, name: secretName(name, client.name) };
    const stored = await clusters.readSecret(secret, ctx);
    const known = stored && credentialsIn(stored);
    await identity.removeClient({ organization, name: client.name, ...(known && { known }) }, ctx);
  }
  await identity.removeOrganization(organization, ctx);
}
