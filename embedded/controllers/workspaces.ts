import { asArray, asObject, asString, at, type Json } from "../json.ts";
import { clusterOf, type Obj, withLabel, withMeta } from "../object.ts";
import { clusterStorage } from "../store/clusters.ts";
import { forgetOwner, ownerAnnotation, phaseLabel, terminatorFinalizer } from "./owner.ts";
import { type Controller, type Ref, refOf } from "./runner.ts";
import { newClusterId, type System, withCondition } from "./system.ts";
import { extensionChain, findType, initializerOf, qualifiedType, typeRef } from "./workspace-types.ts";

export const workspaceFinalizer = "core.kcp.io/logicalcluster";
export const typeAnnotation = "internal.tenancy.kcp.io/type";
const clusterIdAnnotation = "internal.tenancy.kcp.io/cluster";
const shardAnnotation = "internal.tenancy.kcp.io/shard";
export const defaultBindings = "system:apibindings";

/** Gives each Workspace its logical cluster, mirrors what becomes of that, and lets go of the Workspace after it. */
export function workspaces(system: System): Controller {
  return {
    name: "workspaces",
    *concerns({ storage, object, type }) {
      if (storage.startsWith("workspaces.tenancy.kcp.io") && type !== "DELETED") yield refOf(object);
      if (storage !== clusterStorage) return;
      const owner = asObject(at(object.spec, "owner"));
      if (owner.name) yield { cluster: asString(owner.cluster), key: asString(owner.name) };
    },
    reconcile({ cluster, key }: Ref) {
      const type = system.type("tenancy.kcp.io", "workspaces");
      const found = system.get(type, cluster, key);
      if (!found) return;
      if (found.metadata.deletionTimestamp) return remove(system, found);
      if (!asString(at(found.spec, "cluster"))) return schedule(system, found);
      const inner = system.clusters.get(asString(at(found.spec, "cluster")));
      const mirrored = inner ? mirror(system, found, inner) : found;
      system.update(type, found, withLabel(mirrored, phaseLabel, asString(at(mirrored.status, "phase"))));
    },
  };
}

function schedule(system: System, workspace: Obj): void {
  const type = system.type("tenancy.kcp.io", "workspaces");
  const found = findType(system, typeRef(at(workspace.spec, "type"), clusterOf(workspace)));
  if (!found) throw new Error(`the type of workspace ${workspace.metadata.name} does not exist`);
  const id = newClusterId();
  const path = `${system.clusters.pathOf(clusterOf(workspace))}:${workspace.metadata.name}`;
  const annotations = { ...workspace.metadata.annotations, [clusterIdAnnotation]: id, [shardAnnotation]: "embedded" };
  const finalizers = [...(workspace.metadata.finalizers ?? []), workspaceFinalizer];
  const owned = withMeta(workspace, { annotations, finalizers });
  createCluster(system, owned, { id, path, type: found });
  const spec = { ...asObject(workspace.spec), cluster: id, URL: `${system.url}/clusters/${path}` };
  system.update(type, workspace, { ...withLabel(owned, phaseLabel, "Scheduling"), spec });
}

interface NewCluster {
  readonly id: string;
  readonly path: string;
  readonly type: Obj;
}

function createCluster(system: System, workspace: Obj, { id, path, type }: NewCluster): void {
  const chain = extensionChain(system, type);
  const own = (field: string) => chain.filter(({ spec }) => at(spec, field) === true).map(initializerOf);
  const hasBindings = chain.some(({ spec }) => asArray(at(spec, "defaultAPIBindings")).length > 0);
  const initializers = [...own("initializer"), ...(hasBindings ? [defaultBindings] : [])];
  const terminators = own("terminator");
  const lists = {
    ...(initializers.length > 0 && { initializers }),
    ...(terminators.length > 0 && { terminators }),
  };
  const additional = chain.map(({ spec }) => asObject(at(spec, "additionalWorkspaceLabels")));
  system.create(system.type("core.kcp.io", "logicalclusters"), id, {
    metadata: {
      name: "cluster",
      finalizers: ["core.kcp.io/logicalcluster-deletion", ...(terminators.length > 0 ? [terminatorFinalizer] : [])],
      labels: { ...(Object.assign({}, ...additional) as Record<string, string>), [phaseLabel]: "Scheduling" },
      annotations: {
        [ownerAnnotation]: workspace.metadata.annotations?.[ownerAnnotation] ?? "{}",
        [typeAnnotation]: qualifiedType(type),
        "kcp.io/path": path,
      },
    },
    spec: {
      directlyDeletable: false,
      ...lists,
      owner: {
        apiVersion: "tenancy.kcp.io/v1alpha1",
        cluster: clusterOf(workspace),
        name: workspace.metadata.name,
        resource: "workspaces",
        uid: workspace.metadata.uid,
      },
    },
    status: { URL: `${system.url}/clusters/${id}`, phase: "Scheduling", ...lists },
  });
}

/** The state of the logical cluster, as the Workspace tells it. */
function mirror(system: System, workspace: Obj, inner: Obj): Obj {
  const { initializers: _initializers, terminators: _terminators, ...own } = asObject(workspace.status);
  const seen = asObject(inner.status);
  const scheduled = withCondition(
    {
      ...own,
      phase: seen.phase ?? "Scheduling",
      ...list("initializers", seen.initializers),
      ...list("terminators", seen.terminators),
    },
    { type: "WorkspaceScheduled", status: "True" },
    system.now(),
  );
  const taken = asArray(seen.conditions).filter((each) => shared.has(asString(at(each, "type"))));
  const others = asArray(scheduled.conditions).filter((each) => !shared.has(asString(at(each, "type"))));
  const conditions = [...others, ...taken].sort((one, other) =>
    asString(at(one, "type")) < asString(at(other, "type")) ? -1 : 1,
  );
  const named = seen.phase === "Ready" ? forgetOwner(workspace) : workspace;
  return { ...named, status: { ...scheduled, conditions } };
}

const shared = new Set([
  "WorkspaceInitialized",
  "WorkspaceContentDeleted",
  "WorkspaceAPIBindingsInitialized",
  "APIBindingsInitialized",
]);
const list = (name: string, value: Json | undefined) => (asArray(value).length > 0 ? { [name]: value } : {});

function remove(system: System, workspace: Obj): void {
  const type = system.type("tenancy.kcp.io", "workspaces");
  const inner = system.clusters.get(asString(at(workspace.spec, "cluster")));
  if (inner) {
    if (!inner.metadata.deletionTimestamp) system.delete(system.type("core.kcp.io", "logicalclusters"), inner);
    const present = system.fresh(type, workspace);
    const now = system.clusters.get(asString(at(workspace.spec, "cluster")));
    if (present) {
      const mirrored = now ? mirror(system, present, now) : present;
      system.update(type, present, withLabel(mirrored, phaseLabel, "Deleting"));
    }
    return;
  }
  const finalizers = (workspace.metadata.finalizers ?? []).filter((name) => name !== workspaceFinalizer);
  system.update(type, workspace, withMeta(workspace, { finalizers }));
}
