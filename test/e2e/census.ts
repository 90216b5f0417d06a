import { type Kind, kinds } from "../../shared/kcp/kinds.ts";
import { clusterOf, type KubeObject, type LogicalCluster, type ObjectOf } from "../../shared/kcp/objects.ts";
import { pathOf } from "../../shared/kcp/resource-path.ts";
import type { Client } from "../../shared/kcp/rest.ts";
import type { Mesh } from "./mesh.ts";

/** Everything that exists because of one account, with the accounts below it. */
export interface Traces {
  /** What of it exists now: `<kind> <cluster>/<name>`, empty once all is gone. */
  left(): Promise<readonly string[]>;
}

/** Remembers the workspaces of an account and of all below it, so that leftovers are found when no path leads there. */
export async function tracesOf(mesh: Mesh, parent: string, name: string): Promise<Traces> {
  const path = `${parent}:${name}`;
  const clusters = await logicalClusters(mesh);
  const within = (found: string | undefined) => found === path || found?.startsWith(`${path}:`);
  const ids = new Set(clusters.filter((cluster) => within(pathIn(cluster))).map(clusterOf));
  const home = clusters.find((cluster) => pathIn(cluster) === parent);
  const isTrace = (kind: Kind, object: KubeObject) => {
    const cluster = clusterOf(object);
    if (ids.has(cluster)) return true;
    const { name: itsName, labels } = object.metadata;
    if (!home || cluster !== clusterOf(home)) return false;
    return kind === "WorkspaceType" ? labels?.["core.platform-mesh.io/org"] === name : itsName === name;
  };
  const left = async () => {
    const found = await census(mesh);
    return found
      .filter(([kind, object]) => isTrace(kind, object))
      .map(([kind, object]) => `${kind} ${clusterOf(object)}/${object.metadata.name}`);
  };
  if ((await left()).length === 0) throw new Error(`${path} does not exist`);
  return { left };
}

type Found = readonly [Kind, KubeObject];

/** Every object of our kinds in all workspaces. Bindings are left out: they have no life of their own. */
async function census(mesh: Mesh): Promise<readonly Found[]> {
  const found: Found[] = (await logicalClusters(mesh)).map((cluster) => ["LogicalCluster", cluster]);
  for (const kind of ["Account", "AccountInfo", "Workspace", "WorkspaceType"] as const) {
    found.push(...(await everywhere(mesh, kind)).map((object): Found => [kind, object]));
  }
  return found;
}

/** The objects of a kind in all workspaces that bind the APIExport. */
export async function everywhere<K extends Kind>(
  { person }: Pick<Mesh, "person">,
  kind: K,
): Promise<readonly ObjectOf[K][]> {
  const { pathname } = new URL(await virtualWorkspace(person.client));
  return listAll(person.client, `${pathname}/clusters/*${pathOf(kinds[kind])}`);
}

/** From the storage itself: the virtual workspace hides one as soon as its bindings are gone. */
async function logicalClusters({ shardAdmin }: Mesh): Promise<readonly LogicalCluster[]> {
  return listAll(shardAdmin.client, `/clusters/*${pathOf(kinds.LogicalCluster)}`);
}

async function listAll<T extends KubeObject>(client: Client, path: string): Promise<readonly T[]> {
  return (await client.request<{ readonly items: readonly T[] }>({ path })).items;
}

/** URL of the APIExport's virtual workspace. */
async function virtualWorkspace(client: Client): Promise<string> {
  const slice = await client.request<{ readonly status: { readonly endpoints: readonly { readonly url: string }[] } }>({
    cluster: "root:platform-mesh-system",
    path: "/apis/apis.kcp.io/v1alpha1/apiexportendpointslices/core.platform-mesh.io",
  });
  return slice.status.endpoints[0]?.url ?? "";
}

const pathIn = (cluster: LogicalCluster): string | undefined => cluster.metadata.annotations?.["kcp.io/path"];
