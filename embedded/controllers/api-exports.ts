import { createHash, randomBytes } from "node:crypto";
import { asObject, asString, at } from "../json.ts";
import { clusterOf, pathAnnotation, withAnnotation } from "../object.ts";
import { bindingStorage, exportStorage } from "../resources/catalog.ts";
import { type Controller, type Ref, refOf } from "./runner.ts";
import { type System, withCondition } from "./system.ts";

const secretNamespace = "kcp-system";
const sliceStorage = "apiexportendpointslices.apis.kcp.io";

/** Gives an APIExport its identity, which is the hash of a secret key, and its endpoint slice. */
export function apiExports(system: System): Controller {
  return {
    name: "api exports",
    concerns: ({ storage, object, type }) => (storage === exportStorage && type !== "DELETED" ? [refOf(object)] : []),
    reconcile({ cluster, key: name }: Ref) {
      const type = system.type("apis.kcp.io", "apiexports");
      const found = system.get(type, cluster, name);
      if (!found || found.metadata.deletionTimestamp) return;
      const secretRef = asObject(at(found.spec, "identity", "secretRef"));
      const reference = {
        name: asString(secretRef.name) || name,
        namespace: asString(secretRef.namespace) || secretNamespace,
      };
      const identityHash = identityOf(system, cluster, reference);
      const status = withCondition(
        { ...asObject(found.status), identityHash },
        { type: "IdentityValid", status: "True" },
        system.now(),
      );
      const named = withAnnotation(found, pathAnnotation, system.clusters.pathOf(cluster));
      const spec = { ...asObject(found.spec), identity: { secretRef: reference } };
      system.update(type, found, { ...named, spec, status });
      const slices = system.type("apis.kcp.io", "apiexportendpointslices");
      if (cluster === "root" || system.get(slices, cluster, name)) return;
      const path = system.clusters.pathOf(cluster);
      system.create(slices, cluster, { metadata: { name }, spec: { export: { path, name } } });
    },
  };
}

function identityOf(system: System, cluster: string, { name, namespace }: { name: string; namespace: string }): string {
  const secrets = system.type("", "secrets");
  const namespaces = system.type("", "namespaces");
  if (!system.get(namespaces, cluster, namespace)) {
    system.create(namespaces, cluster, namespaceNamed(namespace));
  }
  const found =
    system.get(secrets, cluster, name, namespace) ??
    system.create(secrets, cluster, {
      metadata: { name, namespace },
      data: { key: Buffer.from(randomBytes(32).toString("hex")).toString("base64") },
      type: "Opaque",
    });
  const key = Buffer.from(asString(at(found.data, "key")), "base64");
  return createHash("sha256").update(key).digest("hex");
}

export const namespaceNamed = (name: string) => ({
  metadata: { name, labels: { "kubernetes.io/metadata.name": name } },
  spec: { finalizers: ["kubernetes"] },
  status: { phase: "Active" },
});

/** Fills in where the virtual workspace of an export is, once somebody binds the export. */
export function endpointSlices(system: System): Controller {
  return {
    name: "endpoint slices",
    *concerns({ storage, object, type }) {
      if (storage === sliceStorage && type !== "DELETED") yield refOf(object);
      if (storage !== bindingStorage) return;
      const cluster = asString(at(object.status, "apiExportClusterName"));
      const name = asString(at(object.spec, "reference", "export", "name"));
      for (const slice of system.store.list(sliceStorage)) {
        if (at(slice.spec, "export", "name") === name && cluster) yield refOf(slice);
      }
    },
    reconcile({ cluster, key }: Ref) {
      const type = system.type("apis.kcp.io", "apiexportendpointslices");
      const found = system.get(type, cluster, key);
      if (!found || found.metadata.deletionTimestamp) return;
      const path = asString(at(found.spec, "export", "path")) || cluster;
      const name = asString(at(found.spec, "export", "name"));
      const exportCluster = system.clusters.idOf(path) ?? "";
      const apiExport = system.store.get(exportStorage, exportCluster, name);
      const condition = apiExport
        ? { type: "APIExportValid", status: "True" as const }
        : {
            type: "APIExportValid",
            status: "False" as const,
            severity: "Error",
            reason: "APIExportNotFound",
            message: `Error getting APIExport ${path}|${name}`,
          };
      const isBound = apiExport !== undefined && isBoundAnywhere(system, exportCluster, name);
      const endpoints = isBound ? [{ url: `${system.url}/services/apiexport/${exportCluster}/${name}` }] : undefined;
      const { endpoints: _old, ...rest } = asObject(found.status);
      const valid = withCondition({ ...rest, ...(endpoints && { endpoints }) }, condition, system.now());
      const status = withCondition(valid, { type: "PartitionValid", status: "True" }, system.now());
      system.update(type, found, { ...found, status });
    },
  };
}

function isBoundAnywhere(system: System, cluster: string, name: string): boolean {
  for (const binding of system.store.list(bindingStorage)) {
    if (at(binding.status, "apiExportClusterName") !== cluster) continue;
    if (at(binding.spec, "reference", "export", "name") === name) return true;
  }
  return false;
}

export const exportOf = (system: System, binding: Parameters<typeof clusterOf>[0]) => {
  const path = asString(at(binding.spec, "reference", "export", "path")) || clusterOf(binding);
  const name = asString(at(binding.spec, "reference", "export", "name"));
  const cluster = system.clusters.idOf(path);
  return { path, name, cluster, found: cluster && system.store.get(exportStorage, cluster, name) };
};
