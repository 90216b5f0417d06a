import { expect } from "vitest";
import type { Account, AccountLocation, Workspace } from "../../shared/kcp/objects.ts";

// Written out by hand from spec/accounts.md, so that nothing here is right only because the product says the same.

export const finalizersOf = (type: string): readonly string[] => [
  ...(type === "org" ? ["workspacetype.core.platform-mesh.io/finalizer"] : []),
  "account.core.platform-mesh.io/finalizer",
];

/** Conditions of a Ready account, in the order of the chain. */
export function readyConditions(observedGeneration = 1): readonly object[] {
  const complete = { status: "True", reason: "Complete", message: "" };
  const conditions = [
    { type: "WorkspaceTypeSubroutine", ...complete },
    { type: "WorkspaceSubroutine", ...complete },
    { type: "ManageAccountInfoSubroutine", ...complete },
    { type: "SecuritySubroutine", status: "True", reason: "Skipped", message: "security is off" },
    { type: "WorkspaceReadySubroutine", ...complete },
    { type: "Ready", ...complete, message: "all subroutines completed successfully" },
  ];
  return conditions.map((condition) => ({ ...condition, observedGeneration, lastTransitionTime: anyTime }));
}

export const readyStatus = (observedGeneration = 1): object => ({
  phase: "Ready",
  observedGeneration,
  conditions: readyConditions(observedGeneration),
});

/** The chain, cut at a step that waits or fails: what users see until the cause is gone. */
export function stoppedAt(type: string, { reason, message }: { reason: string; message: unknown }): readonly object[] {
  const chain = readyConditions();
  const end = chain.findIndex((condition) => "type" in condition && condition.type === type);
  return chain.map((condition, index) => {
    if (index < end) return condition;
    if (index === end) return { ...condition, status: "False", reason, message };
    const name = "type" in condition ? condition.type : "";
    if (name === "Ready") return { ...condition, status: "False", reason, message: endings[reason] };
    // Skipped because security is off: that holds wherever the chain ends.
    if (name === "SecuritySubroutine") return condition;
    return { ...condition, status: "Unknown", reason: "Unknown", message: `awaiting first reconciliation for ${name}` };
  });
}

const endings: Readonly<Record<string, string>> = {
  Stopped: "one or more subroutines stopped the chain",
  Error: "one or more subroutines encountered an error",
};

/** What AccountInfo says of an account, from the Account, the cluster that holds it, and its Workspace. */
export const locationOf = (account: Account, originClusterId: string, workspace: Workspace): AccountLocation => ({
  name: account.metadata.name,
  generatedClusterId: workspace.spec?.cluster ?? "",
  originClusterId,
  path: workspace.spec?.URL?.split("/").at(-1) ?? "",
  url: workspace.spec?.URL ?? "",
  type: account.spec.type,
});

/** Spec of the two WorkspaceTypes of an org. */
export function typesOf(org: string): Readonly<Record<string, object>> {
  const ofOrg = { name: `${org}-org`, path: "root:orgs" };
  const ofAccount = { name: `${org}-account`, path: "root:orgs" };
  const children = { defaultChildWorkspaceType: ofAccount, limitAllowedChildren: { types: [ofAccount] } };
  return {
    [ofOrg.name]: {
      extend: { with: [{ name: "org", path: "root" }] },
      limitAllowedParents: { types: [{ name: "orgs", path: "root" }] },
      ...children,
    },
    [ofAccount.name]: {
      extend: { with: [{ name: "account", path: "root" }] },
      limitAllowedParents: { types: [ofOrg, ofAccount] },
      ...children,
    },
  };
}

const anyTime = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
