import type { AccountKey } from "../../shared/account-key.ts";
import type { Tuple } from "../../shared/fga/fga.ts";
import { assignment, formatTuple, type Role, roleLink, roles } from "../../shared/fga/tuples.ts";
import type { Claim } from "./claim.ts";

export interface Situation {
  readonly account: AccountKey;
  readonly claims: readonly Claim[];
  /** Tuples of the account's roles and of the account itself, as they are. */
  readonly actual: readonly Tuple[];
  /** Whoever is taken away last must not be the last owner. */
  readonly keepsAnOwner: boolean;
}
/** One atomic change of tuples. */
export interface Plan {
  readonly writes: readonly Tuple[];
  readonly deletes: readonly Tuple[];
  /** Names of the Memberships whose subject stays owner for want of another one. */
  readonly lastOwners: ReadonlySet<string>;
}

/** What has to change so that everybody has the roles that Memberships give. What they do not speak of stays: the
 *  creator's role, and whatever others have written. */
export function planOf({ account, claims, actual, keepsAnOwner }: Situation): Plan {
  const present = keyed(actual);
  const users = claims.filter(({ user }) => user !== undefined);
  const tuplesOf = ({ user = "" }: Claim, given: readonly Role[]) =>
    keyed(given.map((role) => assignment(account, role, user)));
  const allWanted = merged(users.map((claim) => tuplesOf(claim, claim.wanted)));
  const removed = new Map<string, Tuple>();
  const lastOwners = new Set<string>();
  for (const claim of users) {
    const losing = without(tuplesOf(claim, claim.unwanted), allWanted);
    const left = without(without(merged([present, allWanted]), removed), losing);
    const losesOwner = [...losing.values()].some((tuple) => isOwner(account, tuple));
    if (keepsAnOwner && losesOwner && ![...left.values()].some((tuple) => isOwner(account, tuple)))
      lastOwners.add(claim.membership.metadata.name);
    else for (const [key, tuple] of losing) removed.set(key, tuple);
  }
  const served = users.filter((claim) => !lastOwners.has(claim.membership.metadata.name));
  const wanted = merged(served.map((claim) => tuplesOf(claim, claim.wanted)));
  const after = without(merged([present, wanted]), removed);
  const links = linkChanges(account, { present, after, removed });
  return {
    writes: [...links.writes, ...without(wanted, present).values()],
    deletes: [...[...removed].filter(([key]) => present.has(key)).map(([, tuple]) => tuple), ...links.deletes],
    lastOwners,
  };
}

/** Roles that a user has in the account. */
export const rolesOf = (account: AccountKey, user: string | undefined, tuples: readonly Tuple[]): readonly Role[] => {
  const has = keyed(tuples);
  return user === undefined ? [] : roles.filter((role) => has.has(formatTuple(assignment(account, role, user))));
};

type Tuples = ReadonlyMap<string, Tuple>;

/** A role has power over the account as long as anybody is in it: the reference leaves it behind (security.md 7.1.18). */
function linkChanges(
  account: AccountKey,
  { present, after, removed }: Record<"present" | "after" | "removed", Tuples>,
) {
  const writes: Tuple[] = [];
  const deletes: Tuple[] = [];
  for (const role of roles) {
    const link = roleLink(account, role);
    const { object } = assignment(account, role, "");
    const isUsed = [...after.values()].some((tuple) => tuple.object === object);
    const wasUsed = [...removed].some(([key, tuple]) => tuple.object === object && present.has(key));
    const isThere = present.has(formatTuple(link));
    if (isUsed && !isThere) writes.push(link);
    if (!isUsed && wasUsed && isThere) deletes.push(link);
  }
  return { writes, deletes };
}

/** Everybody is nobody who could be asked to appoint another owner. */
const isOwner = (account: AccountKey, { user, object }: Tuple): boolean =>
  user !== "user:*" && object === assignment(account, "owner", user).object;

const keyed = (tuples: readonly Tuple[]): Map<string, Tuple> =>
  new Map(tuples.map((tuple) => [formatTuple(tuple), tuple]));
const merged = (all: readonly Tuples[]): Tuples => new Map(all.flatMap((each) => [...each]));
const without = (tuples: Tuples, others: Tuples): Tuples => new Map([...tuples].filter(([key]) => !others.has(key)));
