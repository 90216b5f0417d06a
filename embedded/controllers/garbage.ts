import { clusterOf, keyOf, type Obj, type OwnerReference, withMeta } from "../object.ts";
import type { ResourceType } from "../resources/resource-type.ts";
import type { Change } from "../store/store.ts";
import type { Controller, Ref } from "./runner.ts";
import type { System } from "./system.ts";

const foreground = "foregroundDeletion";
const orphan = "orphan";

interface Owned {
  readonly type: ResourceType;
  readonly object: Obj;
}

/** Deletes objects whose owners in the same cluster are all gone, and lets go of owners that wait for theirs. */
export function garbage(system: System): Controller {
  const dependents = new Dependents(system);
  return {
    name: "garbage",
    *concerns(change) {
      const { type, object, storage } = change;
      dependents.note(change);
      const { ownerReferences = [], uid, finalizers = [] } = object.metadata;
      const cluster = clusterOf(object);
      const isWaiting = finalizers.includes(foreground) || finalizers.includes(orphan);
      if (type !== "DELETED") {
        if (ownerReferences.length > 0 || isWaiting) yield { cluster, key: `${storage} ${keyOf(object)}` };
        return;
      }
      for (const { type: each, object: other } of dependents.of(cluster, uid)) {
        yield { cluster, key: `${each.storage} ${keyOf(other)}` };
      }
      for (const owner of ownerReferences) {
        const found = ownerOf(system, object, owner);
        if (found?.object) yield { cluster, key: `${found.type.storage} ${keyOf(found.object)}` };
      }
    },
    reconcile({ cluster, key: place }: Ref) {
      const [storage = "", key = ""] = place.split(" ");
      const object = system.store.get(storage, cluster, key);
      const type = system.catalog.all(cluster).find((each) => each.storage === storage);
      if (!object || !type) return;
      if (object.metadata.deletionTimestamp) return release(system, { type, object }, dependents);
      const owners = object.metadata.ownerReferences ?? [];
      const found = owners.map((owner) => ownerOf(system, object, owner));
      // What is not served cannot be judged.
      const isOrphaned = owners.length > 0 && found.every((each) => each !== undefined && each.object === undefined);
      if (isOrphaned) system.delete(type, object);
    },
  };
}

/** Takes the finalizer of the garbage collector off an owner, once its dependents are gone, or on their own. */
function release(system: System, { type, object }: Owned, dependents: Dependents): void {
  const { finalizers = [], uid } = object.metadata;
  const cluster = clusterOf(object);
  const owned = dependents.of(cluster, uid);
  if (finalizers.includes(orphan)) {
    for (const each of owned) {
      const kept = each.object.metadata.ownerReferences?.filter((owner) => owner.uid !== uid) ?? [];
      const ownerReferences = kept.length > 0 ? kept : undefined;
      system.update(each.type, each.object, withMeta(each.object, { ownerReferences }));
    }
  } else if (finalizers.includes(foreground)) {
    for (const each of owned) system.delete(each.type, each.object);
    if (dependents.of(cluster, uid).some((each) => isBlocking(each.object, uid))) return;
  } else return;
  const kept = finalizers.filter((name) => name !== orphan && name !== foreground);
  const present = system.fresh(type, object);
  if (present) system.update(type, present, withMeta(present, { finalizers: kept }));
}

const isBlocking = ({ metadata }: Obj, uid: string): boolean =>
  metadata.ownerReferences?.some((owner) => owner.uid === uid && owner.blockOwnerDeletion) ?? false;

/** Which objects name an owner, by its uid. */
class Dependents {
  readonly #system: System;
  readonly #byOwner = new Map<string, Set<string>>();

  constructor(system: System) {
    this.#system = system;
  }

  note({ type, object, storage }: Change): void {
    const place = `${storage} ${keyOf(object)}`;
    for (const { uid } of object.metadata.ownerReferences ?? []) {
      const places = this.#byOwner.get(uid) ?? new Set();
      if (type === "DELETED") places.delete(place);
      else places.add(place);
      if (places.size > 0) this.#byOwner.set(uid, places);
      else this.#byOwner.delete(uid);
    }
  }

  of(cluster: string, uid: string): readonly Owned[] {
    const places = [...(this.#byOwner.get(uid) ?? [])];
    return places.flatMap((place) => {
      const [storage = "", key = ""] = place.split(" ");
      const object = this.#system.store.get(storage, cluster, key);
      const type = this.#system.catalog.all(cluster).find((each) => each.storage === storage);
      return object && type && isOwned(object, uid) ? [{ type, object }] : [];
    });
  }
}

const isOwned = ({ metadata }: Obj, uid: string): boolean =>
  metadata.ownerReferences?.some((owner) => owner.uid === uid) ?? false;

/** The owner's type, with the owner if it exists; `undefined` when the type is not served. */
function ownerOf(
  system: System,
  dependent: Obj,
  { apiVersion, kind, name, uid }: OwnerReference,
): { readonly type: ResourceType; readonly object: Obj | undefined } | undefined {
  const cluster = clusterOf(dependent);
  const group = apiVersion.includes("/") ? apiVersion.split("/")[0] : "";
  const type = system.catalog.all(cluster).find((each) => each.group === group && each.kind === kind);
  if (!type) return undefined;
  const found = system.get(type, cluster, name, type.namespaced ? dependent.metadata.namespace : undefined);
  return { type, object: found?.metadata.uid === uid ? found : undefined };
}
