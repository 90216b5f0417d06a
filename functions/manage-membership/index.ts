import { fact, resource } from "../../shared/event.ts";
import { defineFunction, done, drop } from "../../shared/function.ts";
import type { Membership } from "../../shared/kcp/objects.ts";
import { type Claim, claimOf, isHeld, isSettled } from "./claim.ts";
import { ghostOf } from "./ghost.ts";
import { type Place, placeOf } from "./place.ts";
import { settle } from "./settle.ts";
import { type Deps, Team } from "./team.ts";

/** Gives the people that Memberships name their roles in OpenFGA, and takes them away again. Looks at all Memberships of
 *  an account at once: two may name the same person, and the last owner of an org must not go (decisions.md 34,
 *  spec/security.md 2.4 and 8B.13). */
export default defineFunction<Deps>({
  name: "manage-membership",
  needs: "fga",
  on: [
    { type: resource.add, kind: "Membership" },
    { type: resource.update, kind: "Membership" },
    { type: resource.delete, kind: "Membership" },
    { type: resource.add, kind: "AccountInfo" },
    { type: resource.update, kind: "AccountInfo" },
    // Frees a last owner who was held before the end of the account was seen.
    { type: resource.update, kind: "Account", deleting: "true" },
    { type: resource.update, kind: "LogicalCluster", deleting: "true" },
    { type: fact.resyncDue },
  ],
  async handle(event, deps, ctx) {
    const place = await placeOf(event, deps);
    if (!place) return drop("no account of ours");
    const ghost = ghostOf(event, place.cluster);
    if (place.memberships.length === 0 && !ghost) return drop("no Membership in this account");
    const team = new Team(place, { event, deps, ctx });
    const claims = [...(await hold(place, deps)), ...(ghost ? [ghost] : [])];
    const store = place.info?.spec.fga.store.id;
    if (event.type === fact.resyncDue || !claims.every((claim) => isSettled(claim, store))) return settle(claims, team);
    return done(...claims.flatMap((claim) => team.factsOf(claim)));
  },
});

/** The claims to look at, each held from now on, so that no Membership ends before its role has. What lives on in an
 *  account that is going is left to the end of its workspace. */
async function hold({ cluster, isGoing, world, memberships }: Place, deps: Deps): Promise<readonly Claim[]> {
  const held: Membership[] = [];
  for (const membership of memberships) {
    const isLiving = membership.metadata.deletionTimestamp === undefined;
    const isNew = isLiving && world !== undefined && !isGoing && !isHeld(membership);
    held.push(isNew ? await deps.holdMembership(cluster, membership, true) : membership);
  }
  const claims = held.map((membership) => claimOf(membership, cluster));
  return world && isGoing ? claims.filter(({ isDeleting }) => isDeleting) : claims;
}
