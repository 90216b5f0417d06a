import { asArray, asObject, asString, at } from "../json.ts";
import { clusterOf, type Obj, pathAnnotation, withAnnotation } from "../object.ts";
import type { Change } from "../store/store.ts";
import { type Controller, type Ref, refOf } from "./runner.ts";
import { type System, withCondition } from "./system.ts";

export interface TypeRef {
  readonly path: string;
  readonly name: string;
}
export const typeRef = (value: unknown, cluster: string): TypeRef => {
  const reference = asObject(value as never);
  return { path: asString(reference.path) || cluster, name: asString(reference.name) };
};

export function findType(system: System, { path, name }: TypeRef): Obj | undefined {
  const cluster = system.clusters.idOf(path);
  return cluster === undefined ? undefined : system.get(system.type("tenancy.kcp.io", "workspacetypes"), cluster, name);
}

/** A type and all that it extends, itself last; throws when one does not exist. */
export function extensionChain(system: System, type: Obj, seen = new Set<string>()): readonly Obj[] {
  if (seen.has(type.metadata.uid)) return [];
  seen.add(type.metadata.uid);
  const extended = asArray(at(type.spec, "extend", "with")).map((each) => typeRef(each, clusterOf(type)));
  const parts = extended.flatMap((reference) => {
    const found = findType(system, reference);
    if (!found) throw new Error(`workspacetypes.tenancy.kcp.io "${reference.name}" not found`);
    return extensionChain(system, found, seen);
  });
  return [...parts, type];
}

/** How initializers and terminators call a type: by the id of its cluster. */
export const initializerOf = (type: Obj): string => `${clusterOf(type)}:${type.metadata.name}`;

/** `root:orgs:acme-org`: how limits call a type. */
export const qualifiedType = (type: Obj): string =>
  `${type.metadata.annotations?.[pathAnnotation] ?? clusterOf(type)}:${type.metadata.name}`;

/** Reports the virtual workspaces of a WorkspaceType, and whether what it extends exists. */
export function workspaceTypes(system: System): Controller {
  const isType = ({ storage }: Change) => storage.startsWith("workspacetypes.tenancy.kcp.io");
  return {
    name: "workspace types",
    concerns: (change) => (isType(change) && change.type !== "DELETED" ? [refOf(change.object)] : []),
    reconcile({ cluster, key }: Ref) {
      const type = system.type("tenancy.kcp.io", "workspacetypes");
      const found = system.get(type, cluster, key);
      if (!found || found.metadata.deletionTimestamp) return;
      const named = withAnnotation(found, pathAnnotation, system.clusters.pathOf(cluster));
      const virtualWorkspaces = (["initializing", "terminating"] as const).map((kind) => ({
        type: kind,
        url: `${system.url}/services/${kind}workspaces/${initializerOf(named)}`,
      }));
      const ready = withCondition({ ...asObject(found.status), virtualWorkspaces }, True("Ready"), system.now());
      const status = withCondition(ready, True("VirtualWorkspaceURLsReady"), system.now());
      system.update(type, found, { ...named, status });
    },
  };
}

const True = (type: string) => ({ type, status: "True" as const });
