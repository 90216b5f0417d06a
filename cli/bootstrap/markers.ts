import type { Call } from "../../shared/kcp/client.ts";
import { kinds } from "../../shared/kcp/kinds.ts";
import { clusterOf, type LogicalCluster, pathAnnotation } from "../../shared/kcp/objects.ts";
import type { Client } from "../../shared/kcp/rest.ts";
import { annotation, logicalClusterName, securityMarker } from "../../shared/names.ts";

/** Workspaces that wait for the security function, or would once they are deleted. */
export interface Pending {
  readonly cluster: string;
  readonly path: string;
  readonly waits: "initializing" | "being deleted" | "later, when deleted";
}

/** All of one kcp. `views` see LogicalClusters: the virtual workspaces of the initializer, of the terminator and of the
 *  export, none of which sees all of them. */
export async function pendingOf(views: readonly Client[], call: Call): Promise<readonly Pending[]> {
  const lists = await Promise.all(views.map((view) => view.list("LogicalCluster", "*", call)));
  const found = new Map(lists.flat().map((each) => [clusterOf(each), each]));
  return [...found.values()].flatMap((each) => {
    const waits = waitsOf(each);
    const cluster = clusterOf(each);
    return waits ? [{ cluster, path: each.metadata.annotations?.[pathAnnotation] ?? cluster, waits }] : [];
  });
}

function waitsOf({ metadata, status }: LogicalCluster): Pending["waits"] | undefined {
  if (status?.initializers?.includes(securityMarker)) return "initializing";
  if (!status?.terminators?.includes(securityMarker)) return undefined;
  return metadata.deletionTimestamp ? "being deleted" : "later, when deleted";
}

/** Lets a workspace go on without the security function. */
export async function release(admin: Client, cluster: string, call: Call): Promise<void> {
  const target = { cluster, name: logicalClusterName };
  const found = await admin.get("LogicalCluster", cluster, logicalClusterName, call);
  if (!found || !waitsOf(found)) return;
  const without = (markers: readonly string[] = []) => markers.filter((marker) => marker !== securityMarker);
  const status = {
    initializers: without(found.status?.initializers),
    terminators: without(found.status?.terminators),
  };
  const { resourceVersion } = found.metadata;
  const patch = { metadata: { resourceVersion }, status };
  await admin.mergePatch(kinds.LogicalCluster, { ...target, subresource: "status" }, patch, call);
  await nudge(admin, found, call);
}

/** kcp looks at the Workspace again only after a fifth of its age, or when somebody writes to it. */
async function nudge(admin: Client, { spec }: LogicalCluster, call: Call): Promise<void> {
  const { cluster, name } = spec?.owner ?? {};
  if (!cluster || !name) return;
  const patch = { metadata: { annotations: { [annotation.nudge]: new Date().toISOString() } } };
  await admin.mergePatch(kinds.Workspace, { cluster, name }, patch, call);
}
