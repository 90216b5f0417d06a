import { asArray, asObject, asString, type JsonObject, strings } from "../json.ts";
import { clusterOf, type Obj, withLabel, withMeta } from "../object.ts";
import type { ResourceType } from "../resources/resource-type.ts";
import { clusterStorage, rootCluster } from "../store/clusters.ts";
import { namespaceNamed } from "./api-exports.ts";
import { forgetOwner, ownerAnnotation, phaseLabel, terminatorFinalizer } from "./owner.ts";
import { type Controller, type Ref, refOf } from "./runner.ts";
import { type System, withCondition } from "./system.ts";

const deletionFinalizer = "core.kcp.io/logicalcluster-deletion";
const createOnly = { "bootstrap.kcp.io/create-only": "true" };
const universal = "root:universal";

/** Leads a logical cluster from its creation to Ready, and to its end. */
export function logicalClusters(system: System): Controller {
  return {
    name: "logical clusters",
    *concerns({ storage, object, type }) {
      if (storage === clusterStorage && type !== "DELETED") yield refOf(object);
      if (type === "MODIFIED") return;
      // Something that held up its end may be gone, or somebody has put something into it meanwhile.
      const inside = system.clusters.get(clusterOf(object));
      if (inside?.metadata.deletionTimestamp) yield refOf(inside);
    },
    reconcile({ cluster }: Ref) {
      const type = system.type("core.kcp.io", "logicalclusters");
      const found = system.clusters.get(cluster);
      if (!found || cluster === rootCluster) return;
      if (found.metadata.deletionTimestamp) return end(system, type, found);
      const status = next(system, found);
      const known = status.phase === "Ready" ? forgetOwner(found) : found;
      system.update(type, found, { ...withLabel(known, phaseLabel, asString(status.phase)), status });
    },
  };
}

function next(system: System, inner: Obj): JsonObject {
  const status = asObject(inner.status);
  const cluster = clusterOf(inner);
  if (status.phase === "Ready") return status;
  if (status.phase === "Scheduling") {
    welcome(system, cluster, inner);
    return { ...status, phase: "Initializing" };
  }
  const initializers = strings(status.initializers).filter((name) => name !== universal);
  if (initializers.length < strings(status.initializers).length) furnish(system, cluster);
  const { initializers: _before, ...rest } = status;
  if (initializers.length > 0) {
    const condition = {
      type: "WorkspaceInitialized",
      status: "False" as const,
      severity: "Info",
      reason: "InitializerExists",
      message: `Initializers still exist: [${initializers.join(" ")}]`,
    };
    return withCondition({ ...rest, initializers }, condition, system.now());
  }
  return withCondition({ ...rest, phase: "Ready" }, { type: "WorkspaceInitialized", status: "True" }, system.now());
}

/** Makes the creator its administrator. */
function welcome(system: System, cluster: string, inner: Obj): void {
  const { username } = JSON.parse(inner.metadata.annotations?.[ownerAnnotation] ?? "{}");
  const type = system.type("rbac.authorization.k8s.io", "clusterrolebindings");
  if (!username || system.get(type, cluster, "workspace-admin")) return;
  const apiGroup = "rbac.authorization.k8s.io";
  system.create(type, cluster, {
    metadata: { name: "workspace-admin" },
    subjects: [{ kind: "User", apiGroup, name: username }],
    roleRef: { apiGroup, kind: "ClusterRole", name: "cluster-admin" },
  });
}

/** What the type root:universal puts into every workspace. */
function furnish(system: System, cluster: string): void {
  const type = system.type("", "namespaces");
  for (const name of ["default", "kube-system"]) {
    if (system.get(type, cluster, name)) continue;
    const { metadata, ...rest } = namespaceNamed(name);
    system.create(type, cluster, { ...rest, metadata: { ...metadata, annotations: createOnly } });
  }
}

/** Empties it, waits for the terminators and for all finalizers, and lets it go. */
function end(system: System, type: ResourceType, inner: Obj): void {
  const cluster = clusterOf(inner);
  const types = system.catalog.all(cluster).filter(({ storage }) => storage !== clusterStorage);
  for (const each of types) for (const object of system.list(each, cluster)) system.delete(each, object);
  const present = system.clusters.get(cluster);
  if (!present) return;
  const left = types.filter((each) => system.store.count(each.storage, cluster) > 0);
  const isEmpty = left.length === 0;
  const condition = isEmpty
    ? { type: "WorkspaceContentDeleted", status: "True" as const }
    : {
        type: "WorkspaceContentDeleted",
        status: "False" as const,
        severity: "Info",
        reason: "SomeResourcesRemain",
        message: remaining(system, left, cluster),
      };
  const status = withCondition(asObject(present.status), condition, system.now());
  const isHeld = asArray(status.terminators).length > 0;
  const gone = [...(isHeld ? [] : [terminatorFinalizer]), ...(isEmpty && !isHeld ? [deletionFinalizer] : [])];
  const labelled = withLabel({ ...present, status }, phaseLabel, "Deleting");
  const finalizers = (present.metadata.finalizers ?? []).filter((name) => !gone.includes(name));
  system.update(type, present, withMeta(labelled, { finalizers }));
}

function remaining(system: System, left: readonly ResourceType[], cluster: string): string {
  const resources = `Some resources are remaining: ${left.map((each) => counted(system, each, cluster)).join(", ")}`;
  const finalizers = new Map<string, number>();
  for (const { metadata } of left.flatMap((each) => system.list(each, cluster))) {
    for (const name of metadata.finalizers ?? []) finalizers.set(name, (finalizers.get(name) ?? 0) + 1);
  }
  if (finalizers.size === 0) return resources;
  const held = [...finalizers]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, count]) => `${name} in ${count} resource instances`);
  return `${resources}; Some content in the logical cluster has finalizers remaining: ${held.join(", ")}`;
}

const counted = (system: System, { plural, group, storage }: ResourceType, cluster: string): string =>
  `${group ? `${plural}.${group}` : `${plural}.`} has ${system.store.count(storage, cluster)} resource instances`;
