import { asArray, asObject, asString, at, type Json, type JsonObject } from "../json.ts";
import { clusterOf, type Obj, pathAnnotation, withAnnotation, withMeta } from "../object.ts";
import { bindingStorage, exportStorage, schemaStorage } from "../resources/catalog.ts";
import { exportOf } from "./api-exports.ts";
import { type Controller, type Ref, refOf } from "./runner.ts";
import { type Condition, type System, withCondition } from "./system.ts";

export const bindingFinalizer = "apis.kcp.io/apibinding-finalizer";

/** Makes the types of an APIExport available where an APIBinding asks for them, and deletes their objects with it. */
export function apiBindings(system: System): Controller {
  return {
    name: "api bindings",
    *concerns({ storage, object, type, before }) {
      if (storage === bindingStorage && type !== "DELETED") yield refOf(object);
      if (storage === exportStorage || storage === schemaStorage) yield* bindingsOf(system, clusterOf(object));
      if (type !== "DELETED" || !before) return;
      const isEnding = /:[0-9a-f]{64}$/.test(storage);
      if (!isEnding && storage !== bindingStorage) return;
      // A binding that waits for the last of its objects, or for another one to make room.
      for (const binding of system.store.list(bindingStorage, clusterOf(object))) {
        const isWaiting = isEnding ? binding.metadata.deletionTimestamp : at(binding.status, "phase") !== "Bound";
        if (isWaiting) yield refOf(binding);
      }
    },
    reconcile({ cluster, key }: Ref) {
      const type = system.type("apis.kcp.io", "apibindings");
      const found = system.get(type, cluster, key);
      if (!found) return;
      if (found.metadata.deletionTimestamp) return unbind(system, found);
      const held = withFinalizer(withAnnotation(found, pathAnnotation, system.clusters.pathOf(cluster)));
      system.update(type, found, { ...held, status: bound(system, found) });
    },
  };
}

/** Bindings to exports of a cluster. */
function* bindingsOf(system: System, exportCluster: string): Generator<Ref> {
  for (const binding of system.store.list(bindingStorage)) {
    if (exportOf(system, binding).cluster === exportCluster) yield refOf(binding);
  }
}

function withFinalizer(binding: Obj): Obj {
  const present = binding.metadata.finalizers ?? [];
  return present.includes(bindingFinalizer)
    ? binding
    : withMeta(binding, { finalizers: [...present, bindingFinalizer] });
}

function bound(system: System, binding: Obj): JsonObject {
  const { path, name, cluster, found } = exportOf(system, binding);
  const before = asObject(binding.status);
  const now = system.now();
  const not = (type: string, reason: string, message: string): Condition => ({
    type,
    status: "False",
    severity: "Error",
    reason,
    message,
  });
  if (!cluster || !found) {
    const message = `APIExport ${path}|${name} not found`;
    const status = withCondition(before, not("APIExportValid", "APIExportNotFound", message), now);
    return withReady(withCondition({ phase: "Binding", ...status }, notEstablished, now), now);
  }
  const identityHash = asString(at(found.status, "identityHash"));
  const resources = asArray(at(found.spec, "resources"));
  const schemas = resources.map((entry) => system.store.get(schemaStorage, cluster, asString(at(entry, "schema"))));
  if (!identityHash || schemas.includes(undefined)) {
    const missing = asString(at(resources[schemas.indexOf(undefined)], "schema"));
    const message = identityHash
      ? `an internal error prevented the binding process: APIResourceSchema "${missing}" not found`
      : `APIExport ${path}|${name} is not valid yet`;
    const status = withCondition(before, not("APIExportValid", "InternalError", message), now);
    return withReady(withCondition({ phase: "Binding", ...status }, notEstablished, now), now);
  }
  const taken = takenResources(system, binding, resources);
  if (taken.length > 0)
    return conflicting({ ...before, apiExportClusterName: cluster, ...claims(found, binding) }, taken, now);
  const boundResources = resources.map((entry, index): Json => {
    const schema = schemas[index];
    const stored = asArray(at(schema?.spec, "versions")).find((version) => at(version, "storage") === true);
    return {
      group: asString(at(entry, "group")),
      resource: asString(at(entry, "name")),
      schema: { UID: schema?.metadata.uid ?? "", identityHash, name: schema?.metadata.name ?? "" },
      storageVersions: [asString(at(stored, "name"))],
    };
  });
  const status: JsonObject = {
    ...before,
    apiExportClusterName: cluster,
    boundResources,
    ...claims(found, binding),
    phase: "Bound",
  };
  const conditions = ["APIExportValid", "BindingUpToDate", "InitialBindingCompleted", "PermissionClaimsApplied"];
  const all = [...conditions.map((type): Condition => ({ type, status: "True" })), claimsValid(status, binding)];
  return withReady(withConditions(status, all, now), now);
}

const withConditions = (status: JsonObject, conditions: readonly Condition[], now: number): JsonObject =>
  conditions.reduce((so, condition) => withCondition(so, condition, now), status);

/** Resources of an export that another binding of the workspace has already brought, with that binding. */
function takenResources(system: System, binding: Obj, resources: readonly Json[]): readonly string[] {
  const others = [...system.store.list(bindingStorage, clusterOf(binding))].filter(
    ({ metadata }) => metadata.name !== binding.metadata.name,
  );
  return resources.flatMap((entry) => {
    const [group, name] = [asString(at(entry, "group")), asString(at(entry, "name"))];
    const isSame = (each: Json) => at(each, "group") === group && at(each, "resource") === name;
    const owner = others.find((other) => asArray(at(other.status, "boundResources")).some(isSame));
    return owner ? [`${name}.${group}:{${owner.metadata.name} false}`] : [];
  });
}

function conflicting(status: JsonObject, taken: readonly string[], now: number): JsonObject {
  const why = `Unable to bind APIs because they are bound by other APIBindings or CRDs: map[${[...taken].sort().join(" ")}]`;
  const no = (type: string): Condition => ({
    type,
    status: "False",
    severity: "Error",
    reason: "NamingConflicts",
    message: why,
  });
  const conditions: readonly Condition[] = [
    { type: "APIExportValid", status: "True" },
    no("BindingUpToDate"),
    no("InitialBindingCompleted"),
    { type: "PermissionClaimsApplied", status: "True" },
    { type: "PermissionClaimsValid", status: "True" },
  ];
  return withReady(withConditions({ ...status, phase: "Binding" }, conditions, now), now);
}

/** Whether all that the binding answers was asked for. */
function claimsValid({ exportPermissionClaims }: JsonObject, binding: Obj): Condition {
  const wanted = new Set(asArray(exportPermissionClaims).map(claimKey));
  const unexpected = asArray(at(binding.spec, "permissionClaims")).filter((claim) => !wanted.has(claimKey(claim)));
  const type = "PermissionClaimsValid";
  if (unexpected.length === 0) return { type, status: "True" };
  const named = unexpected.map((claim) => {
    const resource = [asString(at(claim, "resource")), asString(at(claim, "group"))].join(".");
    return `unexpected/invalid claim for ${resource} (identity "${asString(at(claim, "identityHash"))}")`;
  });
  const count = `${named.length} unexpected and/or invalid permission claims (showing first ${named.length})`;
  const message = `${count}: ${named.join(", ")}`;
  return { type, status: "False", severity: "Error", reason: "InvalidPermissionClaims", message };
}

const notEstablished: Condition = {
  type: "InitialBindingCompleted",
  status: "False",
  severity: "Info",
  reason: "WaitingForEstablished",
  message: "Waiting for API(s) to be established",
};

/** Ready says what lacks last. */
function withReady(status: JsonObject, now: number): JsonObject {
  const apart = ["Ready", "PermissionClaimsValid"];
  const conditions = asArray(status.conditions).filter((each) => !apart.includes(asString(at(each, "type"))));
  const bad = conditions.findLast((each) => at(each, "status") !== "True");
  const { type: _type, lastTransitionTime: _time, ...why } = asObject(bad);
  const ready = bad ? { ...why, type: "Ready", status: "False" } : { type: "Ready", status: "True" };
  return withCondition(status, ready as Condition, now);
}

const claimKey = (claim: Json): string =>
  ["group", "resource", "identityHash"].map((field) => asString(at(claim, field))).join("|");

/** What the export asks for, and what of it the binding grants. */
function claims(apiExport: Obj, binding: Obj): JsonObject {
  const wanted = asArray(at(apiExport.spec, "permissionClaims"));
  const accepted = asArray(at(binding.spec, "permissionClaims")).filter((claim) => at(claim, "state") === "Accepted");
  const applied = accepted
    .filter((claim) => wanted.some((each) => claimKey(each) === claimKey(claim)))
    .map((claim): Json => {
      const { state: _state, ...rest } = asObject(claim);
      return rest;
    });
  return {
    ...(wanted.length > 0 && { exportPermissionClaims: wanted }),
    ...(applied.length > 0 && { appliedPermissionClaims: applied }),
  };
}

/** Deletes the objects of the bound types; the binding goes with the last of them. */
function unbind(system: System, binding: Obj): void {
  const cluster = clusterOf(binding);
  const left = system.catalog.boundBy(binding).flatMap((type) => {
    for (const object of system.list(type, cluster)) system.delete(type, object);
    return system.list(type, cluster);
  });
  const type = system.type("apis.kcp.io", "apibindings");
  const present = system.fresh(type, binding);
  if (left.length > 0 || !present) return;
  const finalizers = (present.metadata.finalizers ?? []).filter((name) => name !== bindingFinalizer);
  system.update(type, present, withMeta(present, { finalizers }));
}
