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
    initializer: z.boolean().optional(),
    terminator: z.boolean().optional(),
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
    const once: string[] = [];
    for (const name of typeNames) {
      const spec = (await readType(view, name))?.spec;
      if (spec?.defaultAPIBindings && spec.defaultAPIBindingLifecycle !== "Maintain") once.push(`root:${name}`);
    }
    if (once.length === 0) return ok("new claims reach the workspaces that exist");
    return warn(`${once.join(", ")} use InitializeOnly: workspaces that exist will miss new claims`, upgrade);
  },
};

/** A healthy workspace needs seconds. */
const patienceMs = 60_000;
const securityInitializer = "root:security";

const securityType: Check = {
  id: "WST-INIT",
  needs: "endpoint",
  async run(view) {
    const spec = (await readType(view, "security"))?.spec;
    if (!spec?.initializer && !spec?.terminator) return ok("no workspace waits for a security function");
    const waiting = (await view.everywhere("Workspace")).filter(
      (workspace) =>
        workspace.status?.initializers?.includes(securityInitializer) && ageMs(workspace, view) > patienceMs,
    );
    const served = "start the security function that serves it, or pm bootstrap --upgrade to go without";
    if (waiting.length === 0)
      return warn(
        `${securityInitializer} has initializer or terminator: without its function every new account hangs`,
        served,
      );
    return fail(
      `${securityInitializer} has initializer but nobody serves it: ${waiting.length} workspaces hang`,
      served,
    );
  },
};

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

export const workspaceChecks: readonly Check[] = [places, types, lifecycle, securityType, orgs, stuck];
