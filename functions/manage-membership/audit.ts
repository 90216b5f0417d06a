import { fact } from "../../shared/event.ts";
import { assignment, type Role } from "../../shared/fga/tuples.ts";
import type { OwnEvent } from "../../shared/function.ts";
import type { Membership, RoleChange } from "../../shared/kcp/objects.ts";
import { hashedSubject, isEmail } from "../../shared/membership.ts";
import type { Settings } from "../../shared/settings.ts";
import type { Place } from "./place.ts";

interface Audited {
  readonly membership: Membership;
  readonly subject: string;
  readonly user: string;
  readonly change: RoleChange;
}

/** One fact for each role that came or went (security.md 8B.9). They are told again until the Membership says that they
 *  are out, and are the same events each time. */
export function auditOf(audited: Audited, place: Place, settings: Settings): readonly OwnEvent[] {
  const { membership, change } = audited;
  const { before, after, cause } = change;
  const { name, uid, deletionTimestamp } = membership.metadata;
  const { subject, user } = named(audited, settings);
  const told = (type: string, role: Role): OwnEvent => ({
    type,
    id: `${cause}/${uid}/${role}`,
    subject: place.path,
    data: {
      ...{ account: place.account.name, origin: place.account.cluster, path: place.path },
      ...{ subject, role, tuple: assignment(place.account, role, user) },
      why: `Membership ${name}${deletionTimestamp ? " is deleted" : ""}`,
      cause,
      before: before.includes(role),
      after: after.includes(role),
    },
  });
  return [
    ...before.filter((role) => !after.includes(role)).map((role) => told(fact.accessRevoked, role)),
    ...after.filter((role) => !before.includes(role)).map((role) => told(fact.accessGranted, role)),
  ];
}

function named({ subject, user }: Audited, { security }: Settings): Pick<Audited, "subject" | "user"> {
  if (!security?.hashSubjects || !isEmail(subject)) return { subject, user };
  const hashed = hashedSubject(subject);
  return { subject: hashed, user: `user:${hashed}` };
}
