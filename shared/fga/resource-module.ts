import { relationFor, typeFor } from "./names.ts";
import { accountType } from "./tuples.ts";

/** A kind of API as discovery tells of it. */
export interface ApiResource {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** What the server does with it, e.g. `create`, `get`, `list`. */
  readonly verbs: readonly string[];
}

export const namespaceType = "core_namespace";

/** How much of a group is anybody's to use through OpenFGA; `delete` is to look and to delete. */
type Power = "all" | "delete" | "read" | "none";

/** An owner who became an RBAC admin would survive its revocation, and one admission policy can stop a workspace
 *  (decisions.md 33). Workspaces are made and deleted by their Accounts, and who is let in is no tenant's to say. */
const restricted: Readonly<Record<string, Power>> = {
  "rbac.authorization.k8s.io": "delete",
  "tenancy.kcp.io": "read",
  "admissionregistration.k8s.io": "none",
};
export const powerOver = (group: string): Power => restricted[group] ?? "all";
export const restrictedGroups = Object.keys(restricted);

/** Relations of one resource (security.md 2.3): on its parent who creates, lists and watches, on its own type the rest.
 *  `undefined` when nobody is to have any. */
export function resourceModule(resource: ApiResource): string | undefined {
  const { group, plural, namespaced } = resource;
  const power = powerOver(group);
  const does = (verb: string) => resource.verbs.includes(verb);
  const parent = namespaced ? namespaceType : accountType;
  const inParent = [
    ...(does("create") && power === "all" ? [`    define ${relationFor("create", group, plural)}: owner`] : []),
    ...(does("list") && power !== "none" ? [`    define ${relationFor("list", group, plural)}: member`] : []),
    ...(does("watch") && power !== "none" ? [`    define ${relationFor("watch", group, plural)}: member`] : []),
  ];
  const own = power === "none" ? [] : ownType(resource, parent);
  if (inParent.length + own.length === 0) return undefined;
  const extension = inParent.length > 0 ? [`extend type ${parent}`, "  relations", ...inParent, ""] : [];
  return [...extension, ...own].join("\n");
}

/** None for what is only posted, as reviews are: types are few. */
function ownType({ group, singular, verbs }: ApiResource, parent: string): readonly string[] {
  const power = powerOver(group);
  const owned = power === "delete" ? ["delete"] : [];
  const shared = power === "all" ? ["get", "update", "delete", "patch", "watch"] : ["get", "watch"];
  const served = (verb: string) => verbs.includes(verb);
  if (![...owned, ...shared].some(served)) return [];
  return [
    `type ${typeFor(group, singular)}`,
    "  relations",
    `    define parent: [${parent}]`,
    "    define owner: [role#assignee] or owner from parent",
    "    define member: [role#assignee] or owner or member from parent",
    ...shared.filter(served).map((verb) => `    define ${verb}: member`),
    ...owned.filter(served).map((verb) => `    define ${verb}: owner`),
    "    define manage_iam_roles: owner",
    "    define get_iam_roles: member",
    "    define get_iam_users: member",
    "",
  ];
}
