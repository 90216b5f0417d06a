import type { AccountKey } from "../account-key.ts";
import type { Call } from "../kcp/client.ts";
import type { Fga, Tuple } from "./fga.ts";
import { objectId } from "./object-id.ts";
import { accountObject, accountType, type Role, roleObject, rolePrefix, roles } from "./tuples.ts";

/** Who has which role of an account, over all pages. */
export async function roleTuplesOf(
  fga: Pick<Fga, "read">,
  { store, account }: { readonly store: string; readonly account: AccountKey },
  call?: Call,
): Promise<readonly Tuple[]> {
  const read = (role: Role) => fga.read({ store, filter: { object: roleObject(account, role) } }, call);
  return (await Promise.all(roles.map(read))).flat();
}

export interface Revoked {
  readonly account: AccountKey;
  /** Id of the account's own workspace, where one was made: what lay in it goes too. */
  readonly cluster?: string;
}

/** Everything that must go with an account: its own tuples, all of its roles, wherever they were given a right, and what
 *  was written about objects of its workspace; accounts in there go by themselves (security.md 8B.4). OpenFGA finds
 *  roles of unknown objects by no filter, so all tuples of the store are read: about 100 each request. */
export async function revocation(
  fga: Pick<Fga, "read">,
  { store, ...revoked }: Revoked & { readonly store: string },
  call?: Call,
): Promise<readonly Tuple[]> {
  const all = await fga.read({ store, filter: {} }, call);
  const goes = belongsTo(revoked);
  return all.filter(goes);
}

/** Deletes all of that and looks again until nothing is left: somebody may have granted a role meanwhile. Answers what
 *  was deleted. */
export async function revoke(
  fga: Pick<Fga, "read" | "write">,
  { store, ...revoked }: Revoked & { readonly store: string },
  call?: Call,
): Promise<readonly Tuple[]> {
  const deleted: Tuple[] = [];
  for (let left = await revocation(fga, { store, ...revoked }, call); left.length > 0; ) {
    await fga.write({ store, writes: [], deletes: left }, call);
    deleted.push(...left);
    left = await revocation(fga, { store, ...revoked }, call);
  }
  return deleted;
}

/** Whether a tuple goes with the account. */
export function belongsTo({ account, cluster }: Revoked): (tuple: Tuple) => boolean {
  const object = accountObject(account);
  const prefix = rolePrefix(account);
  const lies = cluster === undefined ? () => false : liesIn(cluster);
  return (tuple) =>
    tuple.object === object ||
    tuple.object.startsWith(prefix) ||
    tuple.user.startsWith(prefix) ||
    lies(tuple.object) ||
    lies(tuple.user);
}

/** Objects of a workspace, and roles of such, other than the accounts in it and their roles. */
function liesIn(cluster: string): (object: string) => boolean {
  const id = `${objectId([cluster])}/`;
  return (object) => {
    const [type = "", rest = ""] = split(object, ":");
    if (type !== "role") return type !== accountType && type !== "user" && rest.startsWith(id);
    const [roleType = "", roleId = ""] = split(rest, "/");
    return roleType !== accountType && roleId.startsWith(id);
  };
}

function split(text: string, separator: string): readonly string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
