import type { Writer } from "../shared/kcp/client.ts";
import { type Kind, kinds, type Resource } from "../shared/kcp/kinds.ts";
import { clusterAnnotation, type KubeObject, type ObjectOf } from "../shared/kcp/objects.ts";
import type { Client } from "../shared/kcp/rest.ts";
import type { Store } from "./store.ts";

/** A writer that puts each answer into the store at once, so that nobody reads what is behind its own write.
 *  What a delete removed for good stays until the watch tells: a 404 may only mean that the API is not served yet. */
export function storing(writer: Writer, store: Store): Writer {
  const keep = <T extends KubeObject>(resource: Resource, cluster: string, object: T): T => {
    const kind = kindOf(resource);
    if (kind && isGone(object)) store.remove(kind, inCluster(object, cluster));
    // The answer is of the type that the resource holds, which the types of Writer cannot say.
    else if (kind) store.put(kind, inCluster(object, cluster) as unknown as ObjectOf[typeof kind]);
    return object;
  };
  return {
    create: async (resource, cluster, object, call) =>
      keep(resource, cluster, await writer.create(resource, cluster, object, call)),
    mergePatch: async (resource, target, patch, call) =>
      keep(resource, target.cluster, await writer.mergePatch(resource, target, patch, call)),
    apply: async (resource, cluster, object, options, call) => {
      const answer = await writer.apply(resource, cluster, object, options, call);
      return options.dryRun ? answer : keep(resource, cluster, answer);
    },
    delete: async (resource, target, preconditions, call) => {
      const answer = await writer.delete(resource, target, preconditions, call);
      return answer && keep(resource, target.cluster, answer);
    },
  };
}

/** What the functions of `pm run` read and write through: the store, and a client whose answers go into it. */
export function storeBackend(client: Client, store: Store) {
  return {
    reader: store,
    writer: storing(client, store),
    /** Reads one object from the server into the store, after a conflict showed that the store is behind. */
    async refresh(kind: Kind, cluster: string, name: string): Promise<void> {
      const object = await client.get(kind, cluster, name);
      if (object) store.put(kind, object);
    },
  };
}

/** The write took the last finalizer away: the server shows the object a last time. */
const isGone = ({ metadata }: KubeObject): boolean =>
  metadata.deletionTimestamp !== undefined && !metadata.finalizers?.length;

function kindOf(resource: Resource): Kind | undefined {
  const names = Object.keys(kinds) as Kind[];
  return names.find((kind) => kinds[kind].plural === resource.plural && kinds[kind].group === resource.group);
}

function inCluster<T extends KubeObject>(object: T, cluster: string): T {
  const annotations = { [clusterAnnotation]: cluster, ...object.metadata.annotations };
  return { ...object, metadata: { ...object.metadata, annotations } };
}
