import { allowed, denied } from "../access/attributes.ts";
import type { Authorizer } from "../access/authorizer.ts";
import type { Review } from "../api/admission.ts";
import type { View } from "../api/view.ts";
import type { System } from "../controllers/system.ts";
import { at, equal, strings } from "../json.ts";
import { clusterOf } from "../object.ts";
import { invalid } from "../status-error.ts";
import { clusterStorage } from "../store/clusters.ts";

export type PhaseList = "initializers" | "terminators";
interface Parts {
  readonly system: System;
  readonly authorizer: Authorizer;
  readonly list: PhaseList;
  /** `<cluster id>:<type name>`, as LogicalClusters list it. */
  readonly name: string;
}

const clusterVerbs = new Set(["get", "list", "watch"]);

/** What the owner of a WorkspaceType sees of the workspaces that wait for its initializer or terminator: their
 *  LogicalCluster, and while they initialize all that is in them. */
export function phaseView({ system, authorizer, list, name }: Parts): View {
  const { catalog } = system;
  const isInitializing = list === "initializers";
  const waits = (cluster: string): boolean => {
    const inner = system.clusters.get(cluster);
    const isDue = isInitializing
      ? at(inner?.status, "phase") === "Initializing"
      : inner?.metadata.deletionTimestamp !== undefined;
    return isDue && strings(at(inner?.status, list)).includes(name);
  };
  const colon = name.lastIndexOf(":");
  const [home, typeName] = [name.slice(0, colon), name.slice(colon + 1)];
  const right = {
    verb: isInitializing ? "initialize" : "terminate",
    group: "tenancy.kcp.io",
    resource: "workspacetypes",
    name: typeName,
  };
  const clusterTypes = catalog.all("root").filter(({ storage }) => storage === clusterStorage);
  const isAboutAll = (cluster: string) => cluster === "*" || !isInitializing;
  return {
    prefix: `/services/${isInitializing ? "initializing" : "terminating"}workspaces/${name}`,
    types: (cluster) => (isAboutAll(cluster) ? clusterTypes : catalog.all(cluster)),
    find(cluster, group, plural) {
      if (!isAboutAll(cluster)) return catalog.find(cluster, group, plural);
      return clusterTypes.find((type) => type.group === group && type.plural === plural);
    },
    shows: (_type, object) => waits(clusterOf(object)),
    supports: ({ storage }, verb, subresource) =>
      storage !== clusterStorage || clusterVerbs.has(verb) || (subresource === "status" && verb !== "create"),
    authorize: ({ user }) => (authorizer.may(user, home, right) ? allowed : denied()),
    check: (review) => checkRemoval(review, list, name),
  };
}

/** Through here a LogicalCluster loses this one entry and nothing else. */
function checkRemoval({ type, object, before }: Review, list: PhaseList, name: string): void {
  if (type.storage !== clusterStorage || !object || !before) return;
  const present = strings(at(before.status, list));
  const wanted = strings(at(object.status, list));
  const left = present.filter((each) => each !== name);
  if (equal(wanted, present) || equal(wanted, left)) return;
  const message = `Invalid value: ${JSON.stringify(wanted)}: only removing the "${name}" ${list.slice(0, -1)} is supported`;
  throw invalid({ ...type, group: "tenancy.kcp.io" }, "cluster", [
    { reason: "FieldValueInvalid", message, field: `status.${list}` },
  ]);
}
