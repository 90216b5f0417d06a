import { equal } from "../json.ts";
import { clusterAnnotation, type Obj, timestamp, withMeta } from "../object.ts";
import type { ResourceType } from "../resources/resource-type.ts";
import type { Store } from "./store.ts";

export interface Committed {
  readonly object: Obj;
  /** Its last finalizer is gone, and so is the object. */
  readonly isGone: boolean;
}

/** Stores a new object. */
export const commitNew = (store: Store, type: ResourceType, object: Obj): Obj => store.put(type.storage, object);

/** What an update makes of an object, without storing it: the generation counts changes of what is wanted. */
export function updated(type: ResourceType, before: Obj, after: Obj): Obj {
  const cluster = before.metadata.annotations?.[clusterAnnotation] ?? "";
  const annotations = { ...after.metadata.annotations, [clusterAnnotation]: cluster };
  const { generation, resourceVersion } = before.metadata;
  const isWantedAnew = generation !== undefined && !equal(wanted(type, before), wanted(type, after));
  return withMeta(after, {
    annotations,
    resourceVersion,
    ...(generation !== undefined && { generation: generation + (isWantedAnew ? 1 : 0) }),
  });
}

/** Stores a changed object; no change, no write. */
export function commit(store: Store, type: ResourceType, before: Obj, after: Obj): Committed {
  const next = updated(type, before, after);
  const { deletionTimestamp, finalizers } = next.metadata;
  if (deletionTimestamp && !finalizers?.length && !hasOwnFinalizer(next)) {
    store.remove(type.storage, next);
    // The answer to the write that let go of it still has the version before.
    return { object: next, isGone: true };
  }
  if (equal(before, next)) return { object: before, isGone: false };
  return { object: store.put(type.storage, next), isGone: false };
}

/** Deletes at once, or marks as being deleted while finalizers hold it. */
export function commitDeletion(store: Store, type: ResourceType, before: Obj, now: number): Committed {
  const { object, isGone } = deletion(type, before, now);
  if (isGone) return { object: store.remove(type.storage, before), isGone };
  return { object: object === before ? before : store.put(type.storage, object), isGone };
}

/** What a deletion makes of an object, without doing it. */
export function deletion(type: ResourceType, before: Obj, now: number): Committed {
  if (!before.metadata.finalizers?.length && !hasOwnFinalizer(before)) return { object: before, isGone: true };
  if (before.metadata.deletionTimestamp) return { object: before, isGone: false };
  const { generation } = before.metadata;
  const marked = withMeta(before, {
    deletionTimestamp: timestamp(now),
    // A Namespace is held by its spec and has neither.
    ...(generation !== undefined && { deletionGracePeriodSeconds: 0, generation: generation + 1 }),
  });
  const object = type.kind === "Namespace" ? { ...marked, status: { phase: "Terminating" } } : marked;
  return { object, isGone: false };
}

/** A Namespace is held by `spec.finalizers`. */
function hasOwnFinalizer({ kind, apiVersion, spec }: Obj): boolean {
  const held = typeof spec === "object" && spec !== null && "finalizers" in spec ? spec.finalizers : undefined;
  return kind === "Namespace" && apiVersion === "v1" && Array.isArray(held) && held.length > 0;
}

function wanted(type: ResourceType, { metadata: _metadata, status, apiVersion: _version, ...rest }: Obj): Obj[string] {
  return type.versions[0]?.hasStatus ? rest : { ...rest, status };
}
