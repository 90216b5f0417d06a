import { namespaceNamed } from "./controllers/api-exports.ts";
import type { Given, System } from "./controllers/system.ts";
import type { Json } from "./json.ts";
import { exportedTypes } from "./resources/exported-types.ts";
import { systemTypes } from "./resources/kcp-types.ts";
import type { Column, ResourceType } from "./resources/resource-type.ts";
import type { Schema } from "./schema/schema.ts";
import { rootCluster } from "./store/clusters.ts";

const rbac = "rbac.authorization.k8s.io";
const schemaPrefix = "v1";

/** Makes what a new kcp has in its workspace root. The bindings become usable as soon as their controller has run. */
export function makeRoot(system: System): void {
  makeCluster(system);
  const namespaces = system.type("", "namespaces");
  for (const name of ["default", "kcp-system", "kube-system"]) {
    system.create(namespaces, rootCluster, namespaceNamed(name));
  }
  for (const [name, types] of Object.entries(exportedTypes)) makeExport(system, name, types);
  makeRights(system);
}

function makeCluster(system: System): void {
  const type = systemTypes.find(({ kind }) => kind === "LogicalCluster");
  if (!type) throw new Error("LogicalCluster is no type");
  system.create(type, rootCluster, {
    metadata: {
      name: "cluster",
      finalizers: ["core.kcp.io/logicalcluster-deletion"],
      labels: { "tenancy.kcp.io/phase": "Ready" },
      annotations: {
        "kcp.io/path": rootCluster,
        "internal.tenancy.kcp.io/type": "root:root",
        "experimental.tenancy.kcp.io/owner": JSON.stringify({ username: "system:kcp-bootstrapper" }),
      },
    },
    spec: { directlyDeletable: false },
    status: { URL: `${system.url}/clusters/${rootCluster}`, phase: "Ready" },
  });
}

function makeExport(system: System, name: string, types: readonly ResourceType[]): void {
  const schemas = system.type("apis.kcp.io", "apiresourceschemas");
  const annotations = { "kcp.io/path": rootCluster };
  const resources = types.map((type): Json => {
    const schema = `${schemaPrefix}.${type.plural}.${type.group}`;
    system.create(schemas, rootCluster, { metadata: { name: schema, annotations }, spec: specOf(type) });
    return { group: type.group, name: type.plural, schema, storage: { crd: {} } };
  });
  system.create(system.type("apis.kcp.io", "apiexports"), rootCluster, {
    metadata: { name, annotations },
    spec: { maximalPermissionPolicy: { local: {} }, resources },
  });
  system.create(system.type("apis.kcp.io", "apibindings"), rootCluster, {
    metadata: { name, annotations },
    spec: { reference: { export: { path: rootCluster, name } } },
  });
}

function specOf({
  group,
  namespaced,
  kind,
  listKind,
  plural,
  singular,
  shortNames,
  categories,
  versions,
}: ResourceType): Json {
  const names = { kind, listKind, plural, singular, shortNames, categories };
  return {
    group,
    names,
    scope: namespaced ? "Namespaced" : "Cluster",
    versions: versions.map(({ name, schema, columns, hasStatus }) => ({
      name,
      served: true,
      storage: true,
      schema: asJson(schema),
      additionalPrinterColumns: asJson(columns),
      subresources: hasStatus ? { status: {} } : {},
    })),
  };
}

const asJson = (value: Schema | readonly Column[]): Json => JSON.parse(JSON.stringify(value));

/** The workspace types of a new kcp, made once the types of tenancy.kcp.io are bound. */
export function makeWorkspaceTypes(system: System): void {
  const type = system.type("tenancy.kcp.io", "workspacetypes");
  const reference = (name: string) => ({ name, path: rootCluster });
  const make = (name: string, spec: Given["spec"], child = "universal") =>
    system.create(type, rootCluster, {
      metadata: { name, annotations: { "kcp.io/path": rootCluster } },
      spec: { defaultChildWorkspaceType: reference(child), ...(spec as object) },
    });
  const extend = { with: [reference("universal")] };
  const bindings = Object.keys(exportedTypes).map((name) => ({ export: name, path: rootCluster }));
  make("universal", { defaultAPIBindings: bindings, initializer: true });
  make("root", { extend, limitAllowedParents: { none: true } }, "organization");
  make("home", { extend, limitAllowedParents: { none: true } });
  make("organization", {
    extend,
    limitAllowedChildren: { types: [reference("universal")] },
    limitAllowedParents: { types: [reference("root")] },
  });
  make("team", { extend, limitAllowedParents: { types: [reference("organization"), reference("team")] } });
}

function makeRights(system: System): void {
  const role = (name: string, rules: Json) =>
    system.create(system.type(rbac, "clusterroles"), rootCluster, { metadata: { name }, rules });
  const bind = (name: string, to: string, group: string) =>
    system.create(system.type(rbac, "clusterrolebindings"), rootCluster, {
      metadata: { name },
      roleRef: { apiGroup: rbac, kind: "ClusterRole", name: to },
      subjects: [{ apiGroup: rbac, kind: "Group", name: group }],
    });
  const grant = (name: string, rules: Json, group: string) => {
    role(name, rules);
    bind(name, name, group);
  };
  const everybody = "system:authenticated";
  const bound = (group: string) => `apis.kcp.io:binding:${group}`;
  for (const name of Object.keys(exportedTypes)) {
    const short = name.split(".")[0];
    const rule = { verbs: ["bind"], apiGroups: ["apis.kcp.io"], resources: ["apiexports"], resourceNames: [name] };
    grant(`system:kcp:apiexport:${short}:bind`, [rule], everybody);
  }
  const readers = ["list", "watch", "get"];
  const tenancy = "tenancy.kcp.io";
  grant(
    "system:kcp:apiexport:tenancy:maximal-permission-policy",
    [
      {
        verbs: ["*"],
        apiGroups: [tenancy],
        resources: ["workspaces", "workspaceauthenticationconfigurations", "workspacetypes"],
      },
      { verbs: readers, apiGroups: [tenancy], resources: ["workspaces/status", "workspacetypes/status"] },
    ],
    bound(everybody),
  );
  const all = (group: string, resources: Json): Json => [{ verbs: ["*"], apiGroups: [group], resources }];
  grant(
    "system:kcp:apiexport:topology:maximal-permission-policy",
    all("topology.kcp.io", ["partitions", "partitionsets"]),
    bound(everybody),
  );
  grant(
    "system:kcp:apiexport:kcp-admin:maximal-permission-policy",
    [...(all(tenancy, ["*"]) as readonly Json[]), ...(all("topology.kcp.io", ["*"]) as readonly Json[])],
    bound("system:kcp:admin"),
  );
  const use = { verbs: ["use"], apiGroups: [tenancy], resources: ["workspacetypes"] };
  grant(
    "system:kcp:universal-workspacetype-use",
    [{ ...use, resourceNames: ["universal", "organization", "team"] }],
    everybody,
  );
  bind("system:kcp:authenticated:tenancy:reader", "system:kcp:tenancy:reader", everybody);
  bind("system:kcp:tenancy:authenticated:access", "system:kcp:workspace:access", everybody);
}
