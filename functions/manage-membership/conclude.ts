import { done, type Outcome, waiting } from "../../shared/function.ts";
import { IdentityError } from "../../shared/identity/identity.ts";
import { messageOf } from "../../shared/kcp/errors.ts";
import type { MembershipStatus } from "../../shared/kcp/objects.ts";
import { memberReason } from "../../shared/membership.ts";
import { type Claim, isHeld, isInvited } from "./claim.ts";
import { invite, uninvite } from "./invitation.ts";
import { rolesOf } from "./plan.ts";
import type { Change } from "./settle.ts";
import { no, type Verdict, yes } from "./status.ts";
import type { Team } from "./team.ts";
import { later } from "./trouble.ts";

/** Says of each Membership what has become of it, once the tuples are in order. One whose invitation fails keeps no other
 *  waiting; it is tried again with the same event. */
export async function conclude(claims: readonly Claim[], change: Change, team: Team): Promise<Outcome> {
  const errors: IdentityError[] = [];
  const told: Claim[] = [];
  for (const claim of claims) {
    const isLastOwner = change.plan.lastOwners.has(claim.membership.metadata.name);
    if (isLastOwner && claim.isGone) continue;
    if (isLastOwner) told.push(await team.tell(claim, { granted: lastOwner(claim, team) }));
    else if (claim.isDeleting) told.push(await revoked(claim, change, team));
    else if (claim.problem)
      told.push(await team.tell(claim, { granted: no(claim.problem.reason, claim.problem.message) }));
    else told.push(await granted(claim, change, { team, errors }));
  }
  const [error] = errors;
  const [name = ""] = change.plan.lastOwners;
  const stays = { kind: "Membership", cluster: team.place.cluster, name };
  const outcome = error ? later(error, team) : name ? waiting("the last owner stays", stays) : done();
  return told.flatMap((claim) => team.factsOf(claim)).reduce((all, event) => all.emitting(event), outcome);
}

function lastOwner({ subject, isDeleting }: Claim, { place: { path } }: Team): Verdict {
  const then = isDeleting ? "this one goes by itself then" : "the role changes by itself then";
  const message = `${subject} is the last owner of ${path}: make somebody else owner first (pm member add SUBJECT --role owner -w ${path}); ${then}`;
  return no(memberReason.lastOwner, message);
}

/** Two passes: what was taken away is told before the Membership goes, and once more when it does. */
async function revoked(claim: Claim, { store, before, after }: Change, team: Team): Promise<Claim> {
  const { membership, user, subject } = claim;
  const { account } = team.place;
  if (!isHeld(membership) && !claim.isGone) return claim;
  if (claim.isRevoked) {
    if (membership.status?.change?.cause !== team.event.id) await team.release(claim);
    return claim;
  }
  await uninvite(claim, team.place, team.deps, { store, ...team.call });
  const left = rolesOf(account, user, after);
  const had = [...rolesOf(account, user, before), ...(membership.status?.roles ?? [])];
  const change = { before: [...new Set(had)], after: left, cause: team.event.id };
  const facts: MembershipStatus = { subject, store, roles: [], change };
  if (claim.isGone) return { ...claim, isRevoked: true, membership: { ...membership, status: facts } };
  const told = await team.tell(claim, { ...facts, granted: no(memberReason.revoked, `${subject} has lost the role`) });
  return { ...told, isRevoked: true };
}

interface Granting {
  readonly team: Team;
  /** What may be tried again. */
  readonly errors: IdentityError[];
}

async function granted(claim: Claim, { store }: Change, { team, errors }: Granting): Promise<Claim> {
  const { subject, wanted, membership } = claim;
  const invited = isInvited(membership)
    ? undefined
    : await invite(claim, team.place, team.deps, team.call).catch((error: unknown) => {
        if (!(error instanceof IdentityError) || team.ctx.signal.aborted) throw error;
        errors.push(error);
        return no(memberReason.error, `the invitation could not be sent: ${messageOf(error)}`);
      });
  const message = `${subject} is ${wanted.join(" and ")} of ${team.place.path}`;
  return team.tell(claim, {
    granted: yes(memberReason.granted, message),
    ...(invited && { invited }),
    ...{ subject, store, roles: wanted },
  });
}
