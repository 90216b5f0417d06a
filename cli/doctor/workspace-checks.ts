import { z } from "zod";
import { formatDuration } from "../../shared/duration.ts";
import {
  type APIBinding,
  clusterOf,
  type LogicalCluster,
  pathAnnotation,
  type Workspace,
} from "../../shared/kcp/objects.ts";
import { defaultSettings } from "../../shared/settings.ts";
import { missing } from "../bootstrap/missing.ts";
import { type Check, fail, few, ok, warn } from "./check.ts";
import { coreBindings } from "./claims.ts";
import type { View } from "./view.ts";

const upgrade = "pm bootstrap --upgrade";
const typeNames = ["security", "providers", "orgs", "org", "account", "provider"];

const workspaceType = z.looseObject({
  spec: z.looseObject({
    defaultAPIBindings: z.array(z.unknown()).optional(),
    defaultAPIBindingLifecycle: z.string().optional(),
  }),
});

async function readType(view: View, name: string) {
  const found = await view.operator.get("WorkspaceType", "root", name);
  return found && { ...found, spec: workspaceType.parse(found).spec };
}

const places: Check = {
  id: "WORKSPACES",
  async run({ operator }) {
    const lacks: string[] = [];
    for (const name of ["platform-mesh-system", "orgs", "providers"]) {
      const workspace = await operator.get("Workspace", "root", name);
      const why = workspace ? missing(workspace) : "does not exist";
      if (why) lacks.push(`root:${name}: ${why}`);
    }
    return lacks.length > 0
      ? fail(lacks.join("; "), "pm bootstrap")
      : ok("root:platform-mesh-system, root:orgs, root:providers");
  },
};

const types: Check = {
  id: "TYPES",
  async run(view) {
    const lacks: string[] = [];
    for (const name of typeNames) {
      const found = await readType(view, name);
      const why = found ? missing(found) : "does not exist";
      if (why) lacks.push(`WorkspaceType ${name} in root: ${why}`);
    }
    return lacks.length > 0 ? fail(lacks.join("; "), "pm bootstrap") : ok(`workspace types ${typeNames.join(", ")}`);
  },
};

const lifecycle: Check = {
  id: "BIND-LC",
  async run(view) {
    const isSecured = await view.isSecured();
    const once: string[] = [];
    // With security, bootstrap itself keeps the binding of root:orgs up to date.
    const kept = typeNames.filter((name) => name !== "orgs" || !isSecured);
    for (const name of kept) {
      const spec = (await readType(view, name))?.spec;
      if (spec?.defaultAPIBindings && spec.defaultAPIBindingLifecycle !== "Maintain") once.push(`root:${name}`);
    }
    if (once.length === 0) return ok("new claims reach the workspaces that exist");
    return warn(`${once.join(", ")} use InitializeOnly: workspaces that exist will miss new claims`, upgrade);
  },
};

/** A healthy workspace needs seconds. */
const patienceMs = 60_000;

const orgs: Check = {
  id: "ORGS",
  needs: "endpoint",
  async run(view) {
    const path = defaultSettings.orgsPath;
    const binding = (await coreBindings(view)).find(({ object }) => pathOf(object) === path);
    if (binding?.phase !== "Bound") return fail(`accounts are not served in ${path}`, "pm bootstrap");
    return ok(`organizations are applied in ${path}: root itself does not serve accounts`);
  },
};

const stuck: Check = {
  id: "STUCK",
  needs: "endpoint",
  async run(view) {
    const slow = (await view.everywhere("Workspace")).filter(
      (workspace) => !isSettled(workspace) && ageMs(workspace, view) > patienceMs,
    );
    if (slow.length === 0) return ok("no workspace is late");
    const paths = new Map((await view.everywhere("LogicalCluster")).map((each) => [clusterOf(each), pathOf(each)]));
    const names = slow.map((workspace) => {
      const parent = paths.get(clusterOf(workspace)) ?? clusterOf(workspace);
      return `${parent}:${workspace.metadata.name} ${phaseOf(workspace)} ${formatDuration(ageMs(workspace, view))}`;
    });
    return warn(
      `${slow.length} workspaces are late: ${few(names)}`,
      "pm why <path>, with --delete for one that is being deleted",
    );
  },
};

const isSettled = ({ metadata, status }: Workspace) => !metadata.deletionTimestamp && status?.phase === "Ready";
const phaseOf = ({ metadata, status }: Workspace) =>
  metadata.deletionTimestamp ? "Deleting" : status?.phase || "Scheduling";
const ageMs = ({ metadata }: Workspace, view: View) =>
  view.io.now() - Date.parse(metadata.deletionTimestamp ?? metadata.creationTimestamp);
const pathOf = ({ metadata }: APIBinding | LogicalCluster): string | undefined =>
  metadata.annotations?.[pathAnnotation];

export const workspaceChecks: readonly Check[] = [places, types, lifecycle, orgs, stuck];
