import { fact } from "../../shared/event.ts";
import type { OwnEvent } from "../../shared/function.ts";
import type { Membership, RoleChange } from "../../shared/kcp/objects.ts";
import { hashedSubject, isEmail } from "../../shared/membership.ts";
import type { Settings } from "../../shared/settings.ts";
import type { Place } from "./place.ts";

interface Audited {
  readonly membership: Membership;
  readonly subject: string;
  readonly change: RoleChange;
}

/** One fact for each role that came or went (security.md 8B.9). They are told again until the Membership says that they
 *  are out, and are the same events each time. */
export function auditOf(
  { membership, subject, change }: Audited,
  place: Place,
  settings: Settings,
): readonly OwnEvent[] {
  const { name, uid } = membership.metadata;
  const { before, after, cause } = change;
  const named = settings.security?.hashSubjects && isEmail(subject) ? hashedSubject(subject) : subject;
  const about = { subject: named, account: place.path, membership: name, cause, before, after };
  const told = (type: string, role: string): OwnEvent => ({
    type,
    id: `${cause}/${uid}/${role}`,
    subject: place.path,
    data: { ...about, role },
  });
  return [
    ...before.filter((role) => !after.includes(role)).map((role) => told(fact.accessRevoked, role)),
    ...after.filter((role) => !before.includes(role)).map((role) => told(fact.accessGranted, role)),
  ];
}
