import type { AccountKey } from "../account-key.ts";
import { FgaError, type Tuple } from "./fga.ts";
import { objectId } from "./object-id.ts";

/** Type of Accounts in every store. */
export const accountType = "core_platform-mesh_io_account";
export const roles = ["owner", "member"] as const;
export type Role = (typeof roles)[number];

/** OpenFGA takes 512 bytes, "user:" included. */
const longestUser = 507;
const serviceAccount = /^system:serviceaccount:([^:]+):([^:]+)$/;

/** `user:<name>` as both the writer of tuples and whoever asks must say it (decisions.md 39). `cluster` is the workspace
 *  of a ServiceAccount: its name alone exists in every workspace. Throws FgaError for what can never be a user. */
export function fgaUser(name: string, cluster?: string): string {
  const problem = userProblem(name);
  if (problem) throw refused(`${JSON.stringify(shortened(name))} can be no user of OpenFGA: ${problem}`);
  const [, namespace, account] = serviceAccount.exec(name) ?? [];
  if (namespace === undefined) return bounded(escaped(name));
  if (!cluster) throw refused(`${name} exists in every workspace: the cluster id of the one meant is needed`);
  // As kcp calls a ServiceAccount outside of its own workspace.
  return bounded(escaped(`system:kcp:serviceaccount:${cluster}:${namespace}:${account}`));
}

/** Why nobody may be called so; `undefined` for a usable name. */
export function userProblem(name: string): string | undefined {
  if (name === "") return "the name is empty";
  if (name === "*") return '"*" means everybody';
  if (/[\s#]/.test(name)) return 'it contains a space or "#"';
  if (/\p{Cc}/u.test(name) || !name.isWellFormed()) return "it contains a character that cannot be written";
  if (Buffer.byteLength(name) > longestUser) return `it is longer than ${longestUser} bytes`;
  return undefined;
}

/** `:` is for OpenFGA alone. The reference writes `.` for it, and so do we where that is unmistakable: names that have
 *  both, or `%`, are percent-encoded, and nobody passes for one of kcp's own users with a name like `system.admin`. */
function escaped(name: string): string {
  if (name.includes("%") || (name.includes(":") && name.includes(".")))
    return name.replaceAll("%", "%25").replaceAll(":", "%3A");
  if (name.startsWith("system.") && !name.includes("@")) return name.replaceAll(".", "%2E");
  return name.replaceAll(":", ".");
}

function bounded(id: string): string {
  if (Buffer.byteLength(id) <= longestUser) return `user:${id}`;
  throw refused(`${JSON.stringify(shortened(id))} can be no user of OpenFGA: it is longer than ${longestUser} bytes`);
}

export const accountObject = ({ cluster, name }: AccountKey): string => `${accountType}:${objectId([cluster, name])}`;

/** What all roles of an account start with: `role:<type>/<cluster>/<name>/`. */
export const rolePrefix = ({ cluster, name }: AccountKey): string =>
  `role:${accountType}/${objectId([cluster, name])}/`;

export const roleObject = (account: AccountKey, role: Role): string => `${rolePrefix(account)}${role}`;

/** A person in a role. Written once: a later run never grants again what somebody took away (security.md 8B.1). */
export const assignment = (account: AccountKey, role: Role, user: string): Tuple => ({
  user,
  relation: "assignee",
  object: roleObject(account, role),
});

/** Gives a role its power over the account; grants nobody anything by itself, so that it may be repaired at any time. */
export const roleLink = (account: AccountKey, role: Role): Tuple => ({
  user: `${roleObject(account, role)}#assignee`,
  relation: role,
  object: accountObject(account),
});

export const parentLink = (account: AccountKey, parent: AccountKey): Tuple => ({
  user: accountObject(parent),
  relation: "parent",
  object: accountObject(account),
});

/** What an org needs, structure first (security.md 2.4). */
export const orgTuples = (account: AccountKey, creator: string): readonly Tuple[] => [
  roleLink(account, "owner"),
  assignment(account, "owner", creatorOf(account, creator)),
];

/** What an account below `parent` needs, structure first (security.md 2.4). */
export const accountTuples = (account: AccountKey, parent: AccountKey, creator: string): readonly Tuple[] => [
  parentLink(account, parent),
  ...orgTuples(account, creator),
];

/** Makes somebody owner or member: the role's link to the account, then the person. */
export const roleTuples = (account: AccountKey, role: Role, user: string): readonly Tuple[] => [
  roleLink(account, role),
  assignment(account, role, user),
];

/** Makes everybody who is logged in a member of an org; off unless asked for. */
export const openOrgTuples = (account: AccountKey): readonly Tuple[] => [
  { user: "role:authenticated#assignee", relation: "member", object: accountObject(account) },
  { user: "user:*", relation: "assignee", object: "role:authenticated" },
];

/** A ServiceAccount creates accounts in its own workspace, the one that holds the Account. */
const creatorOf = ({ cluster }: AccountKey, creator: string): string => fgaUser(creator, cluster);

export const formatTuple = ({ user, relation, object }: Tuple): string => `${user} ${relation} ${object}`;

const shortened = (name: string): string => (name.length > 60 ? `${name.slice(0, 60)}…` : name);
const refused = (message: string) => new FgaError(message, { problem: "refused", code: "invalid_user" });
