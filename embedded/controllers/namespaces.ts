import { asObject, asString, at } from "../json.ts";
import { clusterOf, type Obj } from "../object.ts";
import type { ResourceType } from "../resources/resource-type.ts";
import { type Controller, type Ref, refOf } from "./runner.ts";
import type { System } from "./system.ts";

const storage = "namespaces.core";
const description = "Certificates that the API server is trusted by, for those who talk to it from inside.";

/** Gives a Namespace its ServiceAccount and the server's certificates, and empties it before it goes. */
export function namespaces(system: System): Controller {
  return {
    name: "namespaces",
    *concerns({ storage: changed, object, type }) {
      if (changed === storage && type !== "DELETED") yield refOf(object);
      const { namespace } = object.metadata;
      if (type !== "DELETED" || namespace === undefined) return;
      const owner = system.store.get(storage, clusterOf(object), namespace);
      if (owner) yield refOf(owner);
    },
    reconcile({ cluster, key: namespace }: Ref) {
      const found = system.store.get(storage, cluster, namespace);
      if (!found) return;
      if (found.metadata.deletionTimestamp) return empty(system, found);
      const accounts = system.type("", "serviceaccounts");
      if (!system.get(accounts, cluster, "default", namespace)) {
        system.create(accounts, cluster, { metadata: { name: "default", namespace } });
      }
      const maps = system.type("", "configmaps");
      const name = "kube-root-ca.crt";
      if (system.get(maps, cluster, name, namespace)) return;
      system.create(maps, cluster, {
        metadata: { name, namespace, annotations: { "kubernetes.io/description": description } },
        data: { "ca.crt": system.ca },
      });
    },
  };
}

function empty(system: System, namespace: Obj): void {
  const cluster = clusterOf(namespace);
  const { name } = namespace.metadata;
  const inside = (type: ResourceType) =>
    system.list(type, cluster).filter(({ metadata }) => metadata.namespace === name);
  const types = system.catalog.all(cluster).filter(({ namespaced }) => namespaced);
  for (const type of types) for (const object of inside(type)) system.delete(type, object);
  const type = system.type("", "namespaces");
  const present = system.fresh(type, namespace);
  if (!present || types.some((each) => inside(each).length > 0)) return;
  const { finalizers: _held, ...spec } = asObject(present.spec);
  system.update(type, present, { ...present, spec });
}

/** Deletes objects whose owners in the same cluster are all gone. */
export function garbage(system: System): Controller {
  const owned = (object: Obj) => (object.metadata.ownerReferences ?? []).length > 0;
  return {
    name: "garbage",
    *concerns({ type, object, storage: changed }) {
      if (type !== "DELETED" && owned(object))
        yield { cluster: clusterOf(object), key: `${changed} ${object.metadata.uid}` };
      if (type !== "DELETED") return;
      const cluster = clusterOf(object);
      for (const each of system.store.storages()) {
        for (const other of system.store.list(each, cluster)) {
          if (!other.metadata.ownerReferences?.some(({ uid }) => uid === object.metadata.uid)) continue;
          yield { cluster, key: `${each} ${other.metadata.uid}` };
        }
      }
    },
    reconcile({ cluster, key }: Ref) {
      const [at = "", uid = ""] = key.split(" ");
      const object = [...system.store.list(at, cluster)].find(({ metadata }) => metadata.uid === uid);
      if (!object || object.metadata.deletionTimestamp) return;
      const owners = object.metadata.ownerReferences ?? [];
      const exists = owners.some((owner) => ownerExists(system, cluster, owner));
      const type = system.catalog.all(cluster).find(({ storage: where }) => where === at);
      if (type && !exists) system.delete(type, object);
    },
  };
}

function ownerExists(
  system: System,
  cluster: string,
  { apiVersion, kind, name, uid }: { apiVersion: string; kind: string; name: string; uid: string },
): boolean {
  const group = apiVersion.includes("/") ? asString(apiVersion.split("/")[0]) : "";
  const type = system.catalog.all(cluster).find((each) => each.group === group && each.kind === kind);
  // What is not served cannot be judged.
  if (!type) return true;
  return system
    .list(type, cluster)
    .some((object) => at(object.metadata, "name") === name && object.metadata.uid === uid);
}
