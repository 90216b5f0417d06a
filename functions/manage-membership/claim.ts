import { fgaUser, type Role } from "../../shared/fga/tuples.ts";
import type { Membership } from "../../shared/kcp/objects.ts";
import { conditionOf, memberCondition, memberReason, subjectProblem } from "../../shared/membership.ts";
import { finalizer } from "../../shared/names.ts";

/** What one Membership asks for, and what it may have been granted. */
export interface Claim {
  readonly membership: Membership;
  /** As OpenFGA calls the subject; `undefined` when nobody can be called so. */
  readonly user: string | undefined;
  /** Whom the roles are for: a changed subject changes nothing. */
  readonly subject: string;
  readonly wanted: readonly Role[];
  /** Roles to be taken away, unless another Membership wants them. */
  readonly unwanted: readonly Role[];
  readonly isDeleting: boolean;
  readonly isRevoked: boolean;
  /** There is nothing left to write to. */
  readonly isGone?: true;
  /** Why it cannot be as its spec says. */
  readonly problem?: { readonly reason: string; readonly message: string };
}

/** `cluster` is the workspace of the Membership, and so of a ServiceAccount that it names. */
export function claimOf(membership: Membership, cluster: string): Claim {
  const { spec, status = {}, metadata } = membership;
  const subject = status.subject ?? spec.subject;
  const user = subjectProblem(subject) === undefined ? fgaUser(subject, cluster) : undefined;
  const problem = problemOf(membership);
  const isDeleting = metadata.deletionTimestamp !== undefined;
  const isRevoked = conditionOf(membership, memberCondition.granted)?.reason === memberReason.revoked;
  const about = { membership, user, subject, isDeleting, isRevoked: isDeleting && isRevoked };
  const granted = status.roles ?? [];
  if (isDeleting) {
    // One that has granted nothing, as it stands for the creator, takes away what it names.
    const given = status.subject === undefined ? [spec.role] : granted;
    return { ...about, wanted: [], unwanted: about.isRevoked || !isHeld(membership) ? [] : given };
  }
  if (problem) return { ...about, wanted: granted, unwanted: [], problem };
  return { ...about, wanted: [spec.role], unwanted: granted.filter((role) => role !== spec.role) };
}

/** All is as the Membership wants it, and said, as far as that is known without asking OpenFGA. */
export function isSettled({ membership, wanted, isDeleting, problem }: Claim, store: string | undefined): boolean {
  const { spec, status, metadata } = membership;
  const granted = conditionOf(membership, memberCondition.granted);
  if (isDeleting || status?.observedGeneration !== metadata.generation) return false;
  if (problem) return granted?.reason === problem.reason && granted.message === problem.message;
  const isGranted = granted?.status === "True" && status?.store === store && status?.subject === spec.subject;
  return isGranted && isInvited(membership) && String(status?.roles) === String(wanted);
}

/** The invitation was made, or is not to be made. */
export const isInvited = (membership: Membership): boolean =>
  conditionOf(membership, memberCondition.invited)?.status === "True";

export const isHeld = ({ metadata }: Membership): boolean =>
  metadata.finalizers?.includes(finalizer.membership) ?? false;

function problemOf({ spec, status }: Membership): Claim["problem"] {
  const invalid = subjectProblem(spec.subject);
  if (invalid) return { reason: memberReason.invalid, message: invalid };
  if (status?.subject === undefined || status.subject === spec.subject) return undefined;
  const message = `the subject cannot be changed: ${status.subject} keeps the role; make a Membership for ${spec.subject} and delete this one`;
  return { reason: memberReason.subjectChanged, message };
}
