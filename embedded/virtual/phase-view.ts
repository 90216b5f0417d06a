import { allowed, denied, type User } from "../access/attributes.ts";
import type { Authorizer } from "../access/authorizer.ts";
import type { View } from "../api/view.ts";
import type { System } from "../controllers/system.ts";
import { at, strings } from "../json.ts";
import { clusterOf } from "../object.ts";
import { clusterStorage } from "../store/clusters.ts";

/** What the owner of a WorkspaceType sees of the workspaces that wait for its initializer or terminator: their
 *  LogicalCluster, and all that is in them, which it reads and writes with the rights of whoever made the workspace. */
export function phaseView(
  system: System,
  authorizer: Authorizer,
  list: "initializers" | "terminators",
  name: string,
): View {
  const { catalog } = system;
  const waits = (cluster: string): boolean => {
    const inner = system.clusters.get(cluster);
    const isInPhase = list === "initializers" ? at(inner?.status, "phase") === "Initializing" : true;
    const isEnding = inner?.metadata.deletionTimestamp !== undefined;
    return isInPhase && (list === "initializers" || isEnding) && strings(at(inner?.status, list)).includes(name);
  };
  const colon = name.lastIndexOf(":");
  const home = system.clusters.idOf(name.slice(0, colon)) ?? "";
  const verb = list === "initializers" ? "initialize" : "terminate";
  const service = list === "initializers" ? "initializingworkspaces" : "terminatingworkspaces";
  return {
    prefix: `/services/${service}/${name}`,
    types: (cluster) =>
      cluster === "*" ? catalog.all("root").filter(({ storage }) => storage === clusterStorage) : catalog.all(cluster),
    find: (cluster, group, plural) =>
      cluster === "*" ? catalog.builtIn(group, plural) : catalog.find(cluster, group, plural),
    shows: (_type, object) => waits(clusterOf(object)),
    authorize({ user, cluster, path, resource, subresource, verb: asked }) {
      const right = { verb, group: "tenancy.kcp.io", resource: "workspacetypes", name: name.slice(colon + 1) };
      if (!mayServe(authorizer, user, home, right)) return denied();
      if (path !== undefined || cluster === "*") return resource === "logicalclusters" || path ? allowed : denied();
      if (resource === "logicalclusters" && subresource === "" && !["get", "list", "watch"].includes(asked)) {
        return denied();
      }
      return waits(cluster) ? allowed : denied();
    },
  };
}

const mayServe = (authorizer: Authorizer, user: User, home: string, right: Parameters<Authorizer["may"]>[2]): boolean =>
  authorizer.may(user, home, right);
