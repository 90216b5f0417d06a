import { expect, test } from "vitest";
import type { Account, Condition, Workspace } from "../shared/kcp/objects.ts";
import { phaseOf, waitsFor } from "./account-state.ts";

const condition = (type: string, status: Condition["status"], reason: string, message = ""): Condition => ({
  ...{ type, status, reason, message },
  lastTransitionTime: "2026-01-01T00:00:00Z",
});
function account(
  conditions: readonly Condition[] = [],
  more: { phase?: "Updating"; deleted?: boolean; finalizers?: string[] } = {},
): Account {
  return {
    apiVersion: "core.platform-mesh.io/v1alpha1",
    kind: "Account",
    metadata: {
      ...{ name: "dev", uid: "u", resourceVersion: "1", creationTimestamp: "2026-01-01T00:00:00Z" },
      ...(more.deleted && { deletionTimestamp: "2026-01-01T00:01:00Z" }),
      ...(more.finalizers && { finalizers: more.finalizers }),
    },
    spec: { type: "account", displayName: "Dev" },
    ...(conditions.length > 0 && { status: { conditions, ...(more.phase && { phase: more.phase }) } }),
  };
}
const workspace = (phase: "Initializing" | "Ready", initializers: string[] = []): Workspace => ({
  apiVersion: "tenancy.kcp.io/v1alpha1",
  kind: "Workspace",
  metadata: account().metadata,
  status: { phase, initializers },
});
const stopped = condition("WorkspaceReadySubroutine", "False", "Stopped", "Workspace not ready yet");

test.each([
  ["Declared", account()],
  ["Provisioning", account([stopped])],
  ["Failed", account([condition("WorkspaceSubroutine", "False", "Error", "no")])],
  ["Ready", account([condition("Ready", "True", "Complete")])],
  ["Updating", account([stopped], { phase: "Updating" })],
  ["Deleting", account([condition("Ready", "True", "Complete")], { deleted: true })],
])("%s is told from the conditions where there is no phase", (phase, given) => expect(phaseOf(given)).toBe(phase));

test.each([
  ["no function has looked at it yet: is pm run up?", account(), undefined, []],
  ["name taken", account([condition("WorkspaceSubroutine", "False", "Error", "name taken")]), undefined, []],
  ["workspace Initializing: root:security", account([stopped]), workspace("Initializing", ["root:security"]), []],
  ["WorkspaceReadySubroutine: Workspace not ready yet", account([stopped]), workspace("Ready"), []],
  ["blocked: 1 child account (qa)", account([], { deleted: true }), workspace("Ready"), ["qa"]],
  ["blocked: 2 child accounts (a, b)", account([], { deleted: true }), undefined, ["a", "b"]],
  ["workspace is still there", account([], { deleted: true }), workspace("Ready"), []],
  ["finalizers example.com/x", account([], { deleted: true, finalizers: ["example.com/x"] }), undefined, []],
])("%s", (words, given, its, children) => expect(waitsFor(given, its, children)).toBe(words));
