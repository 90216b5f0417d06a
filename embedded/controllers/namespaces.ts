import { asObject } from "../json.ts";
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
