import type { Tuple } from "./fga.ts";
import { relationFor } from "./names.ts";
import { accountType } from "./tuples.ts";

export const accountInfoType = "core_platform-mesh_io_accountinfo";
export const membershipType = "core_platform-mesh_io_membership";

const platform = "core.platform-mesh.io";
const inParent = (group: string, plural: string, creator: string, reader: string) => [
  ...(creator ? [`    define ${relationFor("create", group, plural)}: ${creator}`] : []),
  `    define ${relationFor("list", group, plural)}: ${reader}`,
  `    define ${relationFor("watch", group, plural)}: ${reader}`,
];

const principals = `
type user
type role
  relations
    define assignee: [user, user:*]
`;

/** What every org's store has (security.md 2.1): an owner of an account owns all accounts below it, a member is nobody
 *  there. Memberships are the rights of whoever may give rights (decisions.md 34). Needs the type apis_kcp_io_apiexport
 *  beside it. */
export const coreModule = `module core
${principals}
type ${accountType}
  relations
    define parent: [${accountType}]
    define owner: [role#assignee] or owner from parent
    define member: [role#assignee] or owner
    define get: member
    define update: member
    define patch: member
    define watch: member
    define delete: owner
    define manage_iam_roles: owner
    define get_iam_roles: member
    define get_iam_users: member
${[
  ...inParent(platform, "accounts", "member", "member"),
  ...inParent(platform, "accountinfos", "member", "member"),
  ...inParent(platform, "memberships", "manage_iam_roles", "get_iam_roles"),
  ...inParent("core.kcp.io", "logicalclusters", "", "member"),
].join("\n")}
    define bind_inherited: [apis_kcp_io_apiexport] or bind_inherited from parent
    define bind: [apis_kcp_io_apiexport] or bind_inherited

type ${accountInfoType}
  relations
    define parent: [${accountType}]
    define member: member from parent
    define owner: owner from parent
    define get: member
    define watch: member
    define manage_iam_roles: owner
    define get_iam_roles: member
    define get_iam_users: member

type ${membershipType}
  relations
    define parent: [${accountType}]
    define member: get_iam_roles from parent
    define owner: manage_iam_roles from parent
    define get: member
    define watch: member
    define update: owner
    define patch: owner
    define delete: owner
    define manage_iam_roles: owner
    define get_iam_roles: member
    define get_iam_users: member

type core_kcp_io_logicalcluster
  relations
    define parent: [${accountType}]
    define member: member from parent
    define get: member
    define watch: member
`;

/** The workspace that holds the orgs, as an object of store `orgs`. */
export const orgsObject = "tenancy_kcp_io_workspace:orgs";
export const orgsStoreName = "orgs";

/** Model of store `orgs` (security.md 2.2): who may look at orgs and create them. */
export const orgsModule = `module core
${principals}
type tenancy_kcp_io_workspace
  relations
    define owner: [role#assignee]
    define member: [role#assignee] or owner
    define create_core_platform-mesh_io_accounts: member
    define list_core_platform-mesh_io_accounts: member
    define get_core_platform-mesh_io_accounts: member
    define watch_core_platform-mesh_io_accounts: member
`;

/** Everybody who is logged in may create an org. */
export const orgsTuples: readonly Tuple[] = [
  { user: "role:authenticated#assignee", relation: "member", object: orgsObject },
  { user: "user:*", relation: "assignee", object: "role:authenticated" },
];
