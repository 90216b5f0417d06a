import { timestamp } from "../../shared/conditions.ts";
import { fgaUser } from "../../shared/fga/tuples.ts";
import { logicalClusterName } from "../../shared/names.ts";
import { ended, failedPart, type Part, skippedPart } from "./chain.ts";

/** Without a creator, or with one that can be no user, nobody could be made owner, and nobody could repair that. */
export const creatorPart: Part = {
  name: "creator",
  async run({ creator, settings, world }) {
    if (!settings.parts.store) return skippedPart("switched off");
    if (!creator)
      return failedPart("spec.creator is empty, so that nobody would own the account: set it to a user's name");
    fgaUser(creator, world.cluster);
    return { state: "Done", message: creator };
  },
};

/** The APIs of the org's WorkspaceType, which the model is made of, have to be served first (decisions.md 38). */
export const apisPart: Part = {
  name: "apis",
  async run({ cluster, world }) {
    // What people bind later is no reason to hold anything.
    const isReady = (await world.workspace())?.status?.phase === "Ready";
    const open = isReady ? undefined : (await world.bindings()).find(({ status }) => status?.phase !== "Bound");
    if (!open && (await world.coreBinding())) return ended;
    const what = open ? `APIBinding ${open.metadata.name} is not Bound yet` : "the workspace has no APIs yet";
    const name = open?.metadata.name ?? logicalClusterName;
    return { state: "Waiting", message: what, ref: { kind: open ? "APIBinding" : "LogicalCluster", cluster, name } };
  },
};

/** Last, so that nothing becomes ready before it is secured. kcp does not notice by itself that a workspace waits for
 *  nothing more, and looks the more rarely the older it is: writing to it makes it look. */
export const releasePart: Part = {
  name: "release",
  async run({ cluster, clusters, ctx, kcp, world }) {
    const workspace = await world.workspace();
    if (!workspace || workspace.status?.phase === "Ready") return ended;
    await clusters.releaseMarker({ cluster, marker: "initializer" }, ctx);
    const age = ctx.now() - Date.parse(workspace.metadata.creationTimestamp);
    if (age > youngMs) await kcp.nudge(world.cluster, workspace.metadata.name, timestamp(ctx.now()));
    return ended;
  },
};
/** So young a workspace is looked at within a second, in milliseconds. */
const youngMs = 3_000;
