import { timestamp } from "../../shared/conditions.ts";
import type { Fga, Tuple } from "../../shared/fga/fga.ts";
import {
  accountObject,
  assignment,
  fgaUser,
  formatTuple,
  roleObject,
  roles,
  userProblem,
} from "../../shared/fga/tuples.ts";
import { drop, type Outcome, waiting } from "../../shared/function.ts";
import { conditionOf, memberCondition, memberReason } from "../../shared/membership.ts";
import { annotation, infoName } from "../../shared/names.ts";
import { type Claim, isHeld } from "./claim.ts";
import { conclude } from "./conclude.ts";
import { type Plan, planOf, rolesOf } from "./plan.ts";
import { no } from "./status.ts";
import type { Team } from "./team.ts";
import { isTrouble, troubled } from "./trouble.ts";

/** What is about to change in one store. */
export interface Change {
  readonly store: string;
  readonly plan: Plan;
  readonly before: readonly Tuple[];
  readonly after: readonly Tuple[];
}

/** Brings the tuples of all Memberships of an account into order, in one write. */
export async function settle(claims: readonly Claim[], team: Team): Promise<Outcome> {
  if (!team.place.world) return withoutAccount(claims, team);
  try {
    const { fga } = team.deps;
    const store = fga && (await presentStore(claims, fga, team));
    if (!fga || store === undefined) return await withoutStore(claims, team);
    const change = await changeOf(claims, { fga, store }, team);
    const noted = await note(claims, change, team);
    await noteCreator(change, team);
    const { writes, deletes } = change.plan;
    if (writes.length + deletes.length > 0) await fga.write({ store, writes, deletes }, team.call);
    return await conclude(noted, change, team);
  } catch (error) {
    if (team.ctx.signal.aborted || !isTrouble(error)) throw error;
    return troubled(error, claims, team);
  }
}

/** A deleted store takes writes, and they are lost (security.md 8B.5): it is asked for first. */
async function presentStore(claims: readonly Claim[], fga: Fga, { place, call }: Team): Promise<string | undefined> {
  const noted = claims.find(({ membership }) => membership.status?.store)?.membership.status?.store;
  const id = place.info?.spec.fga.store.id || noted;
  return id ? (await fga.getStore({ id }, call))?.id : undefined;
}

async function changeOf(
  claims: readonly Claim[],
  { fga, store }: { readonly fga: Fga; readonly store: string },
  { place, call }: Team,
): Promise<Change> {
  const { account, world, isGoing } = place;
  const objects = [...roles.map((role) => roleObject(account, role)), accountObject(account)];
  const found = await Promise.all(objects.map((object) => fga.read({ store, filter: { object } }, call)));
  const before = found.flat();
  const plan = planOf({ account, claims, actual: before, keepsAnOwner: world?.isOrg === true && !isGoing });
  const gone = new Set(plan.deletes.map(formatTuple));
  const after = [...before.filter((tuple) => !gone.has(formatTuple(tuple))), ...plan.writes];
  return { store, plan, before, after };
}

/** Says in the status what is about to be granted, so that it can be taken away whatever happens in between. */
async function note(claims: readonly Claim[], change: Change, team: Team): Promise<readonly Claim[]> {
  const noted: Claim[] = [];
  for (const claim of claims) noted.push(isNews(claim, change, team) ? await noteOne(claim, change, team) : claim);
  return noted;
}

function noteOne(claim: Claim, { store, before, after }: Change, team: Team): Promise<Claim> {
  const { membership, user, subject, wanted } = claim;
  const { account } = team.place;
  const open = isGranting(claim) ? membership.status?.change : undefined;
  const roleChange = open ?? { before: rolesOf(account, user, before), after: rolesOf(account, user, after) };
  return team.tell(claim, {
    granted: no(memberReason.granting, `${subject} becomes ${wanted.join(" and ")}`),
    ...{ subject, store },
    roles: [...new Set([...(membership.status?.roles ?? []), ...wanted])],
    change: { ...roleChange, cause: team.event.id },
  });
}

function isNews(claim: Claim, { store, plan }: Change, { place, event }: Team): boolean {
  const { membership, user = "", wanted, problem, isDeleting } = claim;
  const { metadata, status } = membership;
  if (isDeleting || problem || plan.lastOwners.has(metadata.name)) return false;
  const written = new Set(plan.writes.map(formatTuple));
  return (
    status?.store !== store ||
    (isGranting(claim) && status.change?.cause !== event.id) ||
    wanted.some((role) => !status.roles?.includes(role)) ||
    wanted.some((role) => written.has(formatTuple(assignment(place.account, role, user))))
  );
}

const isGranting = ({ membership }: Claim): boolean =>
  conditionOf(membership, memberCondition.granted)?.reason === memberReason.granting;

/** Whoever created the account was made owner with no Membership to show for it. */
async function noteCreator({ plan }: Change, { place, deps, ctx }: Team): Promise<void> {
  const { account, world, isGoing } = place;
  const { creator = "" } = world?.account.spec ?? {};
  if (!world || isGoing || userProblem(creator) || world.account.metadata.annotations?.[annotation.creatorRemoved])
    return;
  const seed = formatTuple(assignment(account, "owner", fgaUser(creator, account.cluster)));
  const isTaken = plan.deletes.some((tuple) => formatTuple(tuple) === seed);
  if (isTaken) await deps.noteCreatorRemoved(world, timestamp(ctx.now()));
}

/** Nothing was granted that is not gone with its account. */
async function withoutAccount(claims: readonly Claim[], team: Team): Promise<Outcome> {
  const message =
    "this workspace belongs to no account: a Membership lies in the workspace of the account that it is for";
  for (const claim of claims) {
    if (!claim.isDeleting) await team.tell(claim, { granted: no("NoAccount", message) });
    else if (isHeld(claim.membership)) await team.release(claim);
  }
  return drop("there is no such Account");
}

/** Without a store there are no tuples. */
async function withoutStore(claims: readonly Claim[], team: Team): Promise<Outcome> {
  const { cluster, info } = team.place;
  const id = info?.spec.fga.store.id;
  const reason = !team.deps.fga
    ? "OpenFGA is switched off"
    : id
      ? `the OpenFGA store ${id} of the org is gone`
      : "the org has no OpenFGA store yet";
  for (const claim of claims) {
    if (claim.isDeleting && isHeld(claim.membership)) await team.release(claim);
    else if (!claim.isDeleting) await team.tell(claim, { granted: no(memberReason.waiting, reason) });
  }
  return waiting(reason, { kind: "AccountInfo", cluster, name: infoName });
}
