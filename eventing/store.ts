import type { Reader } from "../shared/kcp/client.ts";
import type { Kind } from "../shared/kcp/kinds.ts";
import { withoutManagedFields } from "../shared/kcp/managed-fields.ts";
import { clusterOf, type KubeObject, type ObjectOf, pathAnnotation } from "../shared/kcp/objects.ts";
import { isNewer } from "../shared/kcp/resource-version.ts";
import { logicalClusterName } from "../shared/names.ts";

/** Who owns a logical cluster: the Workspace of this name in this cluster, and the Account of the same name. */
export interface Owner {
  readonly cluster: string;
  readonly name: string;
}
/** All objects of one kind on one shard, as of `resourceVersion`. */
export interface Listed<K extends Kind> {
  readonly objects: readonly ObjectOf[K][];
  readonly resourceVersion: string;
  /** The shard counts its versions anew, so that nothing known is newer than the list. */
  readonly isReset: boolean;
}

const maxBuried = 5_000;

/** The objects of the watched kinds as last seen, in watches and in answers to our own writes: what the handlers
 *  read in `pm run` (decisions.md 9). It grows with the objects alone. */
export class Store implements Reader {
  readonly #clusters = new Map<string, Cluster>();
  /** By id of the owned cluster, from `spec.cluster` of its Workspace, which is seen before its LogicalCluster is. */
  readonly #owners = new Map<string, Owner>();
  /** Deleted uids with the version that ended each, so that a late answer to a write brings nothing back. */
  readonly #buried = new Map<string, string>();

  get<K extends Kind>(kind: K, cluster: string, name: string): Promise<ObjectOf[K] | undefined> {
    return Promise.resolve(this.peek(kind, cluster, name));
  }

  list<K extends Kind>(kind: K, cluster: string): Promise<readonly ObjectOf[K][]> {
    return Promise.resolve([...(this.#clusters.get(cluster)?.objects[kind].values() ?? [])]);
  }

  peek<K extends Kind>(kind: K, cluster: string, name: string): ObjectOf[K] | undefined {
    return this.#clusters.get(cluster)?.objects[kind].get(name);
  }

  /** Every object of a kind, in all workspaces. */
  *all<K extends Kind>(kind: K): Iterable<ObjectOf[K]> {
    for (const cluster of this.#clusters.values()) yield* cluster.objects[kind].values();
  }

  /** Takes the object unless a newer state is known, or that it is gone. `shard` is known when a watch brought it. */
  put<K extends Kind>(kind: K, object: ObjectOf[K], shard?: string): void {
    const { name, uid, resourceVersion } = object.metadata;
    const end = this.#buried.get(uid);
    if (end !== undefined && !isNewer(resourceVersion, end)) return;
    const cluster = this.#cluster(clusterOf(object));
    if (shard !== undefined) cluster.shard = shard;
    const objects: Map<string, ObjectOf[K]> = cluster.objects[kind];
    const known = objects.get(name);
    if (known && !isNewer(resourceVersion, known.metadata.resourceVersion)) return;
    objects.set(name, withoutManagedFields(object));
    this.#learn(cluster, kind, object);
  }

  /** Forgets an object that ended with its `resourceVersion`; what came later under the same name stays. */
  remove(kind: Kind, object: KubeObject): void {
    const { name, uid, resourceVersion } = object.metadata;
    this.#bury(uid, resourceVersion);
    const cluster = this.#clusters.get(clusterOf(object));
    const known = cluster?.objects[kind].get(name);
    if (cluster && known && !isNewer(known.metadata.resourceVersion, resourceVersion)) this.#drop(cluster, kind, name);
  }

  /** Makes a list the truth about one kind on one shard, except for what was written after it was made. */
  replace<K extends Kind>(kind: K, shard: string, { objects, resourceVersion, isReset }: Listed<K>): void {
    const listed = new Set(objects.map((object) => object.metadata.uid));
    for (const cluster of [...this.#clusters.values()].filter((each) => each.shard === shard)) {
      for (const { metadata } of [...cluster.objects[kind].values()]) {
        if (!isReset && isNewer(metadata.resourceVersion, resourceVersion)) continue;
        if (!listed.has(metadata.uid)) this.#bury(metadata.uid, isReset ? metadata.resourceVersion : resourceVersion);
        if (isReset || !listed.has(metadata.uid)) this.#drop(cluster, kind, metadata.name);
      }
    }
    for (const object of objects) this.put(kind, object, shard);
  }

  /** Forgets all of a shard that is no longer served. */
  dropShard(shard: string): void {
    for (const cluster of [...this.#clusters.values()].filter((each) => each.shard === shard)) {
      for (const { metadata } of cluster.objects.Workspace.values()) this.#disown(cluster.id, metadata.name);
      this.#clusters.delete(cluster.id);
    }
  }

  /** Path of a workspace by cluster id: from its own objects, or from its name and the path of its parent. */
  pathOf(cluster: string): string | undefined {
    if (cluster === "root") return "root";
    const known = this.#clusters.get(cluster)?.path;
    if (known !== undefined) return known;
    const owner = this.ownerOf(cluster);
    const parent = owner && owner.cluster !== cluster ? this.pathOf(owner.cluster) : undefined;
    return owner && parent ? `${parent}:${owner.name}` : undefined;
  }

  /** Cluster id of a workspace by its path. */
  clusterOfPath(path: string): string | undefined {
    if (path === "root") return "root";
    return [...this.#clusters.keys()].find((cluster) => this.pathOf(cluster) === path);
  }

  ownerOf(cluster: string): Owner | undefined {
    return this.peek("LogicalCluster", cluster, logicalClusterName)?.spec?.owner ?? this.#owners.get(cluster);
  }

  shardOf(cluster: string): string | undefined {
    return this.#clusters.get(cluster)?.shard;
  }

  #cluster(id: string): Cluster {
    const known = this.#clusters.get(id);
    if (known) return known;
    const cluster: Cluster = { id, shard: undefined, path: undefined, objects: noObjects() };
    this.#clusters.set(id, cluster);
    return cluster;
  }

  #learn(cluster: Cluster, kind: Kind, { metadata }: KubeObject): void {
    const path = metadata.annotations?.[pathAnnotation];
    // Users may annotate other objects: a LogicalCluster is written by kcp alone.
    if (path && (kind === "LogicalCluster" || cluster.path === undefined)) cluster.path = path;
    if (kind !== "Workspace") return;
    const owned = cluster.objects.Workspace.get(metadata.name)?.spec?.cluster;
    if (owned) this.#owners.set(owned, { cluster: cluster.id, name: metadata.name });
  }

  #drop(cluster: Cluster, kind: Kind, name: string): void {
    if (kind === "Workspace") this.#disown(cluster.id, name);
    cluster.objects[kind].delete(name);
    if (Object.values(cluster.objects).every(({ size }) => size === 0)) this.#clusters.delete(cluster.id);
  }

  #disown(cluster: string, name: string): void {
    const owned = this.peek("Workspace", cluster, name)?.spec?.cluster;
    const owner = owned === undefined ? undefined : this.#owners.get(owned);
    if (owned !== undefined && owner?.cluster === cluster && owner.name === name) this.#owners.delete(owned);
  }

  #bury(uid: string, resourceVersion: string): void {
    const known = this.#buried.get(uid);
    if (known !== undefined && isNewer(known, resourceVersion)) return;
    this.#buried.set(uid, resourceVersion);
    const [oldest] = this.#buried.keys();
    if (this.#buried.size > maxBuried && oldest !== undefined) this.#buried.delete(oldest);
  }
}

interface Cluster {
  readonly id: string;
  shard: string | undefined;
  path: string | undefined;
  readonly objects: { readonly [K in Kind]: Map<string, ObjectOf[K]> };
}

const noObjects = (): Cluster["objects"] => ({
  Account: new Map(),
  AccountInfo: new Map(),
  Workspace: new Map(),
  WorkspaceType: new Map(),
  LogicalCluster: new Map(),
  APIBinding: new Map(),
  Membership: new Map(),
});
