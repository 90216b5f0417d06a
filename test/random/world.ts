import type { Embedded } from "../../embedded/embedded.ts";
import { type Kind, kinds } from "../../shared/kcp/kinds.ts";
import {
  clusterOf,
  type KubeObject,
  type LogicalCluster,
  type ObjectOf,
  pathAnnotation,
} from "../../shared/kcp/objects.ts";
import { infoName } from "../../shared/names.ts";

/** All objects of the watched kinds in all workspaces, as stored. */
export interface World {
  all<K extends Kind>(kind: K): readonly ObjectOf[K][];
}

/** Reads the storage itself: the virtual workspace hides what no binding serves any more. */
export function worldOf({ store }: Pick<Embedded, "store">): World {
  return {
    all<K extends Kind>(kind: K) {
      const { plural, group } = kinds[kind];
      const names = store.storages().filter((name) => name.split(":")[0] === `${plural}.${group}`);
      return names.flatMap((name) => [...store.list(name)]) as unknown as readonly ObjectOf[K][];
    },
  };
}

export const find = <K extends Kind>(world: World, kind: K, cluster: string, name: string): ObjectOf[K] | undefined =>
  world.all(kind).find((object) => clusterOf(object) === cluster && object.metadata.name === name);
export const infoIn = (world: World, cluster: string) => find(world, "AccountInfo", cluster, infoName);

/** Cluster id of `root:orgs` and what lies below it. */
export const clusterAt = (world: World, path: string): string | undefined => {
  const found = world.all("LogicalCluster").find((each) => pathIn(each) === path);
  return found && clusterOf(found);
};
export const pathIn = ({ metadata }: LogicalCluster): string => metadata.annotations?.[pathAnnotation] ?? "";

/** `<kind> <path of its workspace>/<name>`, as a violation names it. */
export function nameOf(world: World, object: KubeObject): string {
  const cluster = clusterOf(object);
  const inside = world.all("LogicalCluster").find((each) => clusterOf(each) === cluster);
  return `${object.kind} ${object.metadata.name} in ${(inside && pathIn(inside)) || cluster}`;
}
