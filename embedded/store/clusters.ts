import { asString, at } from "../json.ts";
import { type Obj, pathAnnotation } from "../object.ts";
import type { Store } from "./store.ts";

export const clusterStorage = "logicalclusters.core.kcp.io";
export const rootCluster = "root";

/** Finds logical clusters by id and by path. */
export class Clusters {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** The LogicalCluster object of an id. */
  get(id: string): Obj | undefined {
    return this.#store.get(clusterStorage, id, "cluster");
  }

  /** Id of `root:orgs:acme` or of an id itself; `undefined` where there is no such workspace. */
  idOf(path: string): string | undefined {
    const [first = "", ...names] = path.split(":");
    let id = first;
    if (!this.get(id)) return undefined;
    for (const name of names) {
      const workspace = this.#workspace(id, name);
      const next = asString(at(workspace?.spec, "cluster"));
      if (!next) return undefined;
      id = next;
    }
    return this.get(id) && id;
  }

  /** Path of an id, as `root:orgs`. */
  pathOf(id: string): string {
    return this.get(id)?.metadata.annotations?.[pathAnnotation] ?? id;
  }

  #workspace(cluster: string, name: string): Obj | undefined {
    for (const storage of this.#store.storages()) {
      if (!storage.startsWith("workspaces.tenancy.kcp.io")) continue;
      const found = this.#store.get(storage, cluster, name);
      if (found) return found;
    }
    return undefined;
  }
}
