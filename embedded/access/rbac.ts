import { asArray, asString, at, type Json, strings } from "../json.ts";
import type { Store } from "../store/store.ts";
import type { Attributes, User } from "./attributes.ts";

const group = "rbac.authorization.k8s.io";
const storage = (plural: string) => `${plural}.${group}`;

/** Whether the roles in a cluster, and those that every cluster has, give a user a right there. */
export class Rbac {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  allows(attributes: Attributes): boolean {
    const { cluster, user, namespace } = attributes;
    const roles = [
      ...globalBindings.filter((binding) => user.groups.includes(binding.group)).map(({ role }) => builtInRoles[role]),
      ...this.#granted(cluster, user, "clusterrolebindings", ""),
      ...(namespace ? this.#granted(cluster, user, "rolebindings", namespace) : []),
    ];
    return roles.some((rules) => asArray(rules).some((rule) => covers(rule, attributes)));
  }

  /** Rules that the bindings of a cluster, or of one of its namespaces, grant. */
  *#granted(cluster: string, user: User, plural: string, namespace: string): Generator<Json | undefined> {
    for (const binding of this.#store.list(storage(plural), cluster)) {
      if ((binding.metadata.namespace ?? "") !== namespace) continue;
      if (!asArray(binding.subjects).some((subject) => isMeant(subject, user))) continue;
      const name = asString(at(binding.roleRef, "name"));
      if (at(binding.roleRef, "kind") === "Role") {
        yield this.#store.get(storage("roles"), cluster, `${namespace}/${name}`)?.rules;
      } else yield this.#store.get(storage("clusterroles"), cluster, name)?.rules ?? builtInRoles[name];
    }
  }
}

function isMeant(subject: Json, user: User): boolean {
  const name = asString(at(subject, "name"));
  switch (at(subject, "kind")) {
    case "User":
      return user.name === name;
    case "Group":
      return user.groups.includes(name);
    case "ServiceAccount":
      return user.name === `system:serviceaccount:${asString(at(subject, "namespace"))}:${name}`;
    default:
      return false;
  }
}

function covers(rule: Json, { verb, path, group: asked, resource, subresource, name }: Attributes): boolean {
  const has = (field: string, value: string) => {
    const given = strings(at(rule, field));
    return given.includes("*") || given.includes(value);
  };
  if (!has("verbs", verb)) return false;
  if (path !== undefined) return strings(at(rule, "nonResourceURLs")).some((pattern) => matchesPath(pattern, path));
  const what = subresource ? `${resource}/${subresource}` : resource;
  const named = strings(at(rule, "resourceNames"));
  return (
    has("apiGroups", asked) &&
    (has("resources", what) || (subresource !== "" && strings(at(rule, "resources")).includes(`*/${subresource}`))) &&
    (named.length === 0 || named.includes(name))
  );
}

const matchesPath = (pattern: string, path: string): boolean =>
  pattern === "*" || pattern === path || (pattern.endsWith("*") && path.startsWith(pattern.slice(0, -1)));

const everything: Json = [
  { verbs: ["*"], apiGroups: ["*"], resources: ["*"] },
  { verbs: ["*"], nonResourceURLs: ["*"] },
];
const readers = ["get", "list", "watch"];
const writers = ["create", "delete", "deletecollection", "patch", "update"];
const content = ["configmaps", "events", "resourcequotas", "secrets", "serviceaccounts"];

/** Roles that bindings in every cluster may refer to. */
const builtInRoles: Readonly<Record<string, Json>> = {
  "cluster-admin": everything,
  admin: [
    { verbs: [...readers, ...writers], apiGroups: [""], resources: content },
    { verbs: [...readers, ...writers], apiGroups: [group], resources: ["roles", "rolebindings"] },
    { verbs: readers, apiGroups: [""], resources: ["namespaces"] },
  ],
  edit: [
    { verbs: [...readers, ...writers], apiGroups: [""], resources: content },
    { verbs: readers, apiGroups: [""], resources: ["namespaces"] },
  ],
  view: [
    {
      verbs: readers,
      apiGroups: [""],
      resources: ["configmaps", "events", "namespaces", "resourcequotas", "serviceaccounts"],
    },
  ],
  "system:kcp:workspace:access": [{ verbs: ["access"], nonResourceURLs: ["/"] }],
  "system:kcp:tenancy:reader": [
    { verbs: readers, apiGroups: ["tenancy.kcp.io"], resources: ["workspaces", "workspacetypes"] },
  ],
  "system:discovery": [
    {
      verbs: ["get"],
      nonResourceURLs: [
        "/api",
        "/api/*",
        "/apis",
        "/apis/*",
        "/healthz",
        "/livez",
        "/openapi",
        "/openapi/*",
        "/readyz",
        "/version",
        "/version/",
      ],
    },
  ],
  "system:basic-user": [
    {
      verbs: ["create"],
      apiGroups: ["authorization.k8s.io"],
      resources: ["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
    },
    { verbs: ["create"], apiGroups: ["authentication.k8s.io"], resources: ["selfsubjectreviews"] },
  ],
};
const globalBindings = [
  { group: "system:kcp:admin", role: "cluster-admin" },
  { group: "system:authenticated", role: "system:discovery" },
  { group: "system:authenticated", role: "system:basic-user" },
];
