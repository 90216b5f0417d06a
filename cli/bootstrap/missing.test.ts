import { expect, test } from "vitest";
import { missing } from "./missing.ts";

const condition = (type: string, status: string, message?: string) => ({ type, status, message });

test.each<[string, object, string | undefined]>([
  ["a Workspace that is Ready", { kind: "Workspace", status: { phase: "Ready" } }, undefined],
  [
    "a Workspace that kcp initializes",
    {
      kind: "Workspace",
      status: {
        phase: "Initializing",
        conditions: [condition("WorkspaceInitialized", "False", "Initializers still exist: [root:security]")],
      },
    },
    "phase Initializing, not Ready yet; WorkspaceInitialized is False: Initializers still exist: [root:security]",
  ],
  ["a Workspace that kcp has not seen", { kind: "Workspace" }, "phase not set, not Ready yet"],
  [
    "a WorkspaceType with trouble",
    { kind: "WorkspaceType", status: { conditions: [condition("Ready", "False", "no such type")] } },
    "Ready is False: no such type",
  ],
  ["a new WorkspaceType", { kind: "WorkspaceType", status: {} }, "condition Ready not reported yet"],
  ["an export without identity", { kind: "APIExport", status: {} }, "no identity yet"],
  [
    "an export",
    { kind: "APIExport", status: { identityHash: "1", conditions: [condition("IdentityValid", "True")] } },
    undefined,
  ],
  ["a slice that nobody uses", { kind: "APIExportEndpointSlice", status: {} }, "no endpoint yet"],
  ["a slice", { kind: "APIExportEndpointSlice", status: { endpoints: [{ url: "https://kcp" }] } }, undefined],
  [
    "a binding whose claims are not applied",
    { kind: "APIBinding", status: { phase: "Bound", conditions: [condition("PermissionClaimsApplied", "False")] } },
    "PermissionClaimsApplied is False",
  ],
  ["what is ready as soon as it exists", { kind: "ClusterRole" }, undefined],
])("says what is missing of %s", (_, object, expected) => {
  expect(missing(object)).toBe(expected);
});
