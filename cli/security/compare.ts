import { ownerMark } from "../../functions/security-init/store.ts";
import type { AccountKey } from "../../shared/account-key.ts";
import type { Tuple } from "../../shared/fga/fga.ts";
import {
  accountObject,
  accountType,
  assignment,
  fgaUser,
  formatTuple,
  openOrgTuples,
  parentLink,
  roleLink,
  rolePrefix,
} from "../../shared/fga/tuples.ts";
import type { Membership } from "../../shared/kcp/objects.ts";
import { subjectProblem } from "../../shared/membership.ts";

/** One account as kcp has it. */
export interface Known {
  readonly path: string;
  readonly key: AccountKey;
  /** Of the account above; an org has none. */
  readonly parent: AccountKey | undefined;
  readonly creator: string | undefined;
  readonly uid: string;
  readonly isDeleting: boolean;
  /** Cluster id of its own workspace, which is that of a ServiceAccount in a Membership. */
  readonly cluster: string | undefined;
  readonly memberships: readonly Membership[];
}

/** A tuple, and what it is there for. */
export interface Told extends Tuple {
  readonly why: string;
}
export interface Drift {
  /** Structure, or what a Membership gives: to be written. */
  readonly missing: readonly Told[];
  /** Of accounts that do not exist. */
  readonly orphaned: readonly Told[];
  /** Written by others: kept. */
  readonly foreign: readonly Tuple[];
  /** The creator's role was taken away and is not given again. */
  readonly withheld: readonly Told[];
}

/** What the tuples of an org's store should be, beside what they are. Nobody's role is invented: of grants only those are
 *  missing that a Membership gives (spec/security.md, 8B.1 and 8B.2). */
export function compare(accounts: readonly Known[], actual: readonly Tuple[]): Drift {
  const present = new Set(actual.map(formatTuple));
  const wanted = accounts.flatMap(wantedOf);
  const seeds = accounts.flatMap(seedOf);
  const explained = new Set([...wanted, ...seeds, ...accounts.flatMap(allowedFor)].map(formatTuple));
  const others = actual.filter((tuple) => !explained.has(formatTuple(tuple)));
  const isOrphan = orphansAmong(accounts);
  return {
    missing: unique(wanted.filter((tuple) => !present.has(formatTuple(tuple)))),
    orphaned: others.filter(isOrphan).map((tuple) => ({ ...tuple, why: "its account does not exist" })),
    foreign: others.filter((tuple) => !isOrphan(tuple)),
    withheld: seeds.filter((tuple) => !present.has(formatTuple(tuple))),
  };
}

function wantedOf({ path, key, parent, cluster, isDeleting, memberships }: Known): readonly Told[] {
  if (isDeleting) return [];
  const structure = [...(parent ? [parentLink(key, parent)] : []), roleLink(key, "owner")];
  const given = memberships.flatMap(({ spec, status, metadata }): Told[] => {
    const subject = status?.subject ?? spec.subject;
    if (metadata.deletionTimestamp || subject !== spec.subject || subjectProblem(subject)) return [];
    const why = `Membership ${metadata.name} in ${path}`;
    const person = assignment(key, spec.role, fgaUser(subject, cluster));
    return [roleLink(key, spec.role), person].map((tuple) => ({ ...tuple, why }));
  });
  return [...structure.map((tuple) => ({ ...tuple, why: `structure of ${path}` })), ...given];
}

function seedOf({ path, key, creator, isDeleting }: Known): readonly Told[] {
  if (!creator || isDeleting || subjectProblem(creator)) return [];
  return [{ ...assignment(key, "owner", fgaUser(creator, key.cluster)), why: `${creator} created ${path}` }];
}

/** What may be there, and need not. */
function allowedFor({ key, uid, parent, isDeleting, memberships, cluster }: Known): readonly Tuple[] {
  const subjects = memberships.map(({ spec, status }) => status?.subject ?? spec.subject);
  const users = subjects.filter((subject) => !subjectProblem(subject)).map((subject) => fgaUser(subject, cluster));
  const roles = ["owner", "member"] as const;
  // On its way out, a Membership or an account is somebody else's business.
  const leaving = roles.flatMap((role) => [roleLink(key, role), ...users.map((user) => assignment(key, role, user))]);
  return [
    ...leaving,
    ...(parent ? [] : [ownerMark(uid), ...openOrgTuples(key)]),
    ...(isDeleting && parent ? [parentLink(key, parent)] : []),
  ];
}

/** Names an account, or one of its roles, that is none of these. */
function orphansAmong(accounts: readonly Known[]): (tuple: Tuple) => boolean {
  const objects = new Set(accounts.map(({ key }) => accountObject(key)));
  const prefixes = new Set(accounts.map(({ key }) => rolePrefix(key)));
  const isGone = (name: string): boolean => {
    const [id = ""] = name.split("#");
    if (id.startsWith(`${accountType}:`)) return !objects.has(id);
    if (!id.startsWith(`role:${accountType}/`)) return false;
    return !prefixes.has(id.slice(0, id.lastIndexOf("/") + 1));
  };
  return ({ user, object }) => isGone(object) || isGone(user);
}

const unique = (tuples: readonly Told[]): readonly Told[] =>
  [...new Map(tuples.toReversed().map((tuple) => [formatTuple(tuple), tuple])).values()].toReversed();
