import { parseKey } from "../../shared/account-key.ts";
import { timestamp } from "../../shared/conditions.ts";
import { type CloudEvent, fact, resource } from "../../shared/event.ts";
import { defineFunction, drop, requeue, waiting } from "../../shared/function.ts";
import type { Workspace } from "../../shared/kcp/objects.ts";

interface Deps {
  workspaceNamed(cluster: string, name: string): Promise<Workspace | undefined>;
  nudge(cluster: string, name: string, at: string): Promise<void>;
  isOthers(event: CloudEvent): Promise<boolean>;
  isServed(cluster: string): Promise<boolean>;
}

/** Milliseconds after the virtual workspace stopped to show the LogicalCluster at which kcp is made to look, until the
 *  Workspace is gone. A workspace with namespaces is really gone only 5 to 6 s later (observed): hence the later ones. */
export const nudgesAfter: readonly number[] = [500, 1000, 2000, 4000, 6000, 8000, 10_000, 12_000, 16_000];

/** Makes kcp notice that the content of a deleted Workspace is gone. By itself it looks only every fifth of the
 *  LogicalCluster's age, and one nudge at the moment of the event comes before the end (decisions.md 16). */
export default defineFunction<Deps>({
  name: "nudge-workspace",
  on: [{ type: resource.delete, kind: "LogicalCluster" }, { type: fact.resyncDue }],
  async handle(event: CloudEvent, deps, ctx) {
    const key = parseKey(event.accountkey);
    if (!key || (await deps.isOthers(event))) return drop("no Account");
    const workspace = await deps.workspaceNamed(key.cluster, key.name);
    if (!workspace) return drop("the Workspace is gone");
    if (!workspace.metadata.deletionTimestamp) return drop("the Workspace is a new one");
    if (event.type === fact.resyncDue) {
      const cluster = workspace.spec?.cluster;
      if (!cluster || (await deps.isServed(cluster))) return drop("its content is not gone yet");
      await deps.nudge(key.cluster, key.name, timestamp(ctx.now()));
      return waiting("Waiting for Workspace deletion", { kind: "Workspace", ...key });
    }
    const elapsed = ctx.now() - Date.parse(event.time ?? "");
    if (elapsed >= (nudgesAfter[0] ?? 0)) await deps.nudge(key.cluster, key.name, timestamp(ctx.now()));
    const next = nudgesAfter.find((after) => after > elapsed);
    if (next !== undefined) return requeue(next - elapsed, "kcp has not seen the end of the LogicalCluster yet");
    return waiting("Waiting for Workspace deletion", { kind: "Workspace", ...key });
  },
});
