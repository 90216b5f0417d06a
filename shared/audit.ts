import type { Tuple } from "./fga/fga.ts";
import { hashedSubject, isEmail } from "./membership.ts";
import type { SecuritySettings } from "./settings.ts";

type Naming = Pick<SecuritySettings, "hashSubjects"> | undefined;

/** What audits call somebody: people by a digest of their e-mail address, where that is asked for (security.md 8B.9). */
export const auditName = (name: string, naming: Naming): string =>
  naming?.hashSubjects && isEmail(name) ? hashedSubject(name) : name;

/** The tuple as audits show it. */
export function auditTuple(tuple: Tuple, naming: Naming): Tuple {
  const [, name] = /^user:(.*)$/.exec(tuple.user) ?? [];
  return name === undefined ? tuple : { ...tuple, user: `user:${shown(name, naming)}` };
}

function shown(name: string, naming: Naming): string {
  // As fgaUser escapes it, so that the digest is that of the person.
  const plain = name.replaceAll("%3A", ":").replaceAll("%25", "%");
  const told = auditName(plain, naming);
  return told === plain ? name : told;
}
