import type { User } from "../access/attributes.ts";
import { randomSuffix } from "../api/compose.ts";
import { asArray, asObject, asString, at, type Json, strings } from "../json.ts";
import { clusterOf, type Obj } from "../object.ts";
import { bindingStorage, exportStorage } from "../resources/catalog.ts";
import { clusterStorage } from "../store/clusters.ts";
import { bindingFinalizer } from "./api-bindings.ts";
import { exportOf } from "./api-exports.ts";
import { ownerAnnotation } from "./owner.ts";
import { type Controller, type Ref, refOf } from "./runner.ts";
import { type System, withCondition } from "./system.ts";
import { extensionChain, findType } from "./workspace-types.ts";
import { defaultBindings as initializer, typeAnnotation } from "./workspaces.ts";

/** Binds the exports that a workspace's type names, in the name of its creator; with the lifecycle Maintain also later. */
export function defaultBindings(system: System): Controller {
  return {
    name: "default bindings",
    *concerns({ storage, object, type }) {
      if (type === "DELETED") return;
      if (storage === clusterStorage) yield refOf(object);
      if (storage === bindingStorage) yield { cluster: clusterOf(object), key: "cluster" };
      const isType = storage.startsWith("workspacetypes.tenancy.kcp.io");
      if (isType || storage === exportStorage)
        for (const inner of system.store.list(clusterStorage)) yield refOf(inner);
    },
    reconcile({ cluster }: Ref) {
      const inner = system.clusters.get(cluster);
      if (!inner || inner.metadata.deletionTimestamp) return;
      const isInitial = strings(at(inner.status, "initializers")).includes(initializer);
      const phase = at(inner.status, "phase");
      if (isInitial ? phase !== "Initializing" : phase !== "Ready") return;
      const wanted = wantedExports(system, inner, isInitial);
      if (wanted.length === 0 && !isInitial) return;
      const refused = wanted.flatMap((each) => bind(system, cluster, each, ownerOf(inner)));
      if (isInitial) conclude(system, inner, wanted, refused);
    },
  };
}

interface Wanted {
  readonly path: string;
  readonly name: string;
  readonly isMaintained: boolean;
}

function wantedExports(system: System, inner: Obj, isInitial: boolean): readonly Wanted[] {
  const qualified = inner.metadata.annotations?.[typeAnnotation] ?? "";
  const colon = qualified.lastIndexOf(":");
  const type = findType(system, { path: qualified.slice(0, colon), name: qualified.slice(colon + 1) });
  if (!type) return [];
  const chain = extensionChain(system, type);
  const isMaintained = chain.some(({ spec }) => at(spec, "defaultAPIBindingLifecycle") === "Maintain");
  if (!isInitial && !isMaintained) return [];
  const all = chain.flatMap((each) =>
    asArray(at(each.spec, "defaultAPIBindings")).map((entry) => ({
      path: asString(at(entry, "path")) || system.clusters.pathOf(clusterOf(each)),
      name: asString(at(entry, "export")),
      isMaintained,
    })),
  );
  return [...new Map(all.map((each) => [`${each.path}|${each.name}`, each])).values()];
}

function ownerOf(inner: Obj): User {
  const owner = JSON.parse(inner.metadata.annotations?.[ownerAnnotation] ?? "{}");
  return { name: String(owner.username ?? ""), groups: Array.isArray(owner.groups) ? owner.groups : [] };
}

function bindingOf(system: System, cluster: string, { path, name }: Wanted): Obj | undefined {
  const wanted = system.clusters.idOf(path);
  return [...system.store.list(bindingStorage, cluster)].find((binding) => {
    const found = exportOf(system, binding);
    return found.name === name && found.cluster === wanted;
  });
}

/** Makes or completes one binding; answers what is in the way. */
function bind(system: System, cluster: string, wanted: Wanted, owner: User): readonly string[] {
  const exportCluster = system.clusters.idOf(wanted.path);
  const apiExport = exportCluster && system.store.get(exportStorage, exportCluster, wanted.name);
  if (!exportCluster || !apiExport) return [`apiexports.apis.kcp.io "${wanted.path}:${wanted.name}" not found`];
  const type = system.type("apis.kcp.io", "apibindings");
  const permissionClaims = acceptAll(apiExport);
  const found = bindingOf(system, cluster, wanted);
  if (found) {
    if (wanted.isMaintained) complete(system, found, permissionClaims);
    return [];
  }
  const right = { verb: "bind", group: "apis.kcp.io", resource: "apiexports", name: wanted.name };
  if (owner.groups.length > 0 && !system.authorizer.may(owner, exportCluster, right)) {
    return [`unable to create APIBinding: no permission to bind to export ${wanted.path}:${wanted.name}`];
  }
  const { path, name } = wanted;
  system.create(type, cluster, {
    metadata: {
      name: `${name}-${randomSuffix()}`,
      finalizers: [bindingFinalizer],
      annotations: system.pathAnnotations(cluster),
    },
    spec: { reference: { export: { path, name } }, ...(permissionClaims.length > 0 && { permissionClaims }) },
  });
  return [];
}

function acceptAll(apiExport: Obj): readonly Json[] {
  return asArray(at(apiExport.spec, "permissionClaims")).map((claim) => {
    const { defaultSelector, ...rest } = asObject(claim);
    return { ...rest, selector: defaultSelector ?? { matchAll: true }, state: "Accepted" };
  });
}

/** Adds claims that the export has got since. */
function complete(system: System, binding: Obj, wanted: readonly Json[]): void {
  const present = asArray(at(binding.spec, "permissionClaims"));
  const key = (claim: Json) =>
    ["group", "resource", "identityHash"].map((field) => asString(at(claim, field))).join("|");
  const known = new Set(present.map(key));
  const added = wanted.filter((claim) => !known.has(key(claim)));
  if (added.length === 0) return;
  const type = system.type("apis.kcp.io", "apibindings");
  const spec = { ...asObject(binding.spec), permissionClaims: [...present, ...added] };
  system.update(type, binding, { ...binding, spec });
}

/** Takes the initializer away once every binding is Bound. */
function conclude(system: System, inner: Obj, wanted: readonly Wanted[], refused: readonly string[]): void {
  const type = system.type("core.kcp.io", "logicalclusters");
  const cluster = clusterOf(inner);
  const waiting = wanted.filter((each) => {
    const binding = bindingOf(system, cluster, each);
    return !binding || at(binding.status, "phase") !== "Bound";
  });
  const status = asObject(inner.status);
  if (refused.length > 0) {
    const condition = {
      type: "WorkspaceAPIBindingsInitialized",
      status: "False" as const,
      severity: "Error",
      reason: "APIBindingErrors",
      message: `encountered errors: ${refused.join(", ")}`,
    };
    system.update(type, inner, { ...inner, status: withCondition(status, condition, system.now()) });
    throw new Error(refused.join(", "));
  }
  if (waiting.length > 0) return;
  const initializers = strings(status.initializers).filter((name) => name !== initializer);
  const { initializers: _before, ...rest } = status;
  system.update(type, inner, { ...inner, status: { ...rest, ...(initializers.length > 0 && { initializers }) } });
}
