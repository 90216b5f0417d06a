import { clusterOf, keyOf, type Obj, withMeta } from "../object.ts";

/** One entry of the log: what became of an object, and what it was before. */
export interface Change {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly revision: number;
  readonly storage: string;
  readonly object: Obj;
  readonly before?: Obj;
}
export type Listener = (change: Change) => void;

export interface StoreOptions {
  /** Changes that a watch can be resumed from; older ones are forgotten. */
  readonly history?: number;
}

/** All objects of the server and one log of their changes. The revision of a change is the resourceVersion of its
 *  object, so versions can be compared between types and clusters, as in etcd. `storage` names a type of objects. */
export class Store {
  readonly #types = new Map<string, Map<string, Map<string, Obj>>>();
  readonly #listeners = new Set<Listener>();
  readonly #history: number;
  #log: Change[] = [];
  #revision = 1;
  #forgotten = 1;

  constructor({ history = 20_000 }: StoreOptions = {}) {
    this.#history = history;
  }

  get revision(): number {
    return this.#revision;
  }

  get(storage: string, cluster: string, key: string): Obj | undefined {
    return this.#types.get(storage)?.get(cluster)?.get(key);
  }

  /** Objects of one cluster, or of all of them. */
  *list(storage: string, cluster?: string): Generator<Obj> {
    const clusters = this.#types.get(storage);
    if (!clusters) return;
    if (cluster !== undefined) yield* clusters.get(cluster)?.values() ?? [];
    else for (const objects of clusters.values()) yield* objects.values();
  }

  count(storage: string, cluster: string): number {
    return this.#types.get(storage)?.get(cluster)?.size ?? 0;
  }

  /** Types that have or had objects. */
  storages(): readonly string[] {
    return [...this.#types.keys()];
  }

  /** Adds or replaces; answers the object with its new resourceVersion. */
  put(storage: string, object: Obj): Obj {
    const objects = this.#objects(storage, clusterOf(object));
    const key = keyOf(object);
    const before = objects.get(key);
    const revision = ++this.#revision;
    const stored = withMeta(object, { resourceVersion: String(revision) });
    objects.set(key, stored);
    this.#tell({ type: before ? "MODIFIED" : "ADDED", revision, storage, object: stored, ...(before && { before }) });
    return stored;
  }

  /** Takes an object away; `last` is what watchers get to see of it. */
  remove(storage: string, last: Obj): Obj {
    const objects = this.#objects(storage, clusterOf(last));
    const before = objects.get(keyOf(last));
    if (!before) return last;
    objects.delete(keyOf(last));
    if (objects.size === 0) this.#types.get(storage)?.delete(clusterOf(last));
    const revision = ++this.#revision;
    const object = withMeta(last, { resourceVersion: String(revision) });
    this.#tell({ type: "DELETED", revision, storage, object, before });
    return object;
  }

  /** What happened after a revision; `undefined` when that is no longer known. */
  since(revision: number): readonly Change[] | undefined {
    if (revision < this.#forgotten) return undefined;
    let low = 0;
    let high = this.#log.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#log[middle]?.revision ?? 0) > revision) high = middle;
      else low = middle + 1;
    }
    return this.#log.slice(low);
  }

  /** Forgets the changes up to a revision: watches and lists from there are answered 410. */
  compact(revision: number): void {
    this.#log = this.#log.filter((change) => change.revision > revision);
    this.#forgotten = Math.max(this.#forgotten, revision);
  }

  /** Tells of every change from now on, in the call that makes it: a listener must not write. */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Everything, to be saved. */
  snapshot(): { readonly revision: number; readonly objects: readonly (readonly [storage: string, object: Obj])[] } {
    const objects = this.storages().flatMap((storage) =>
      [...this.list(storage)].map((each) => [storage, each] as const),
    );
    return { revision: this.#revision, objects };
  }

  /** Takes over what was saved; watches of an earlier life have to list again. */
  restore({ revision, objects }: ReturnType<Store["snapshot"]>): void {
    for (const [storage, object] of objects) this.#objects(storage, clusterOf(object)).set(keyOf(object), object);
    this.#revision = revision;
    this.compact(revision);
  }

  #objects(storage: string, cluster: string): Map<string, Obj> {
    const clusters = getOrMake(this.#types, storage);
    return getOrMake(clusters, cluster);
  }

  #tell(change: Change): void {
    this.#log.push(change);
    // In steps, so that not every write moves the whole log.
    if (this.#log.length > this.#history * 1.25) {
      const dropped = this.#log.splice(0, this.#log.length - this.#history);
      this.#forgotten = dropped.at(-1)?.revision ?? this.#forgotten;
    }
    for (const listener of this.#listeners) listener(change);
  }
}

function getOrMake<K, V>(map: Map<K, Map<string, V>>, key: K): Map<string, V> {
  const found = map.get(key);
  if (found) return found;
  const made = new Map<string, V>();
  map.set(key, made);
  return made;
}
