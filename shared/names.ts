/** Finalizers, conditions, annotations and labels that the reference operator uses too: never rename one. */
export const finalizer = {
  account: "account.core.platform-mesh.io/finalizer",
  workspaceType: "workspacetype.core.platform-mesh.io/finalizer",
  info: "account.core.platform-mesh.io/info",
} as const;

export const condition = {
  workspaceType: "WorkspaceTypeSubroutine",
  workspace: "WorkspaceSubroutine",
  info: "ManageAccountInfoSubroutine",
  security: "SecuritySubroutine",
  workspaceReady: "WorkspaceReadySubroutine",
  ready: "Ready",
  workspaceFinalize: "WorkspaceSubroutineFinalize",
  workspaceTypeFinalize: "WorkspaceTypeSubroutineFinalize",
} as const;

export const label = {
  org: "core.platform-mesh.io/org",
  /** Any value: look again now. */
  refresh: "platform-mesh.io/refresh-reconcile",
  debug: "debug.platform-mesh.io",
} as const;

export const annotation = {
  /** "true" on a Workspace that somebody else made lets the Account of its name take it over. */
  adopt: "account-functions.platform-mesh.io/adopt",
  /** RFC 3339; written only to make kcp look at a Workspace again (spec/performance.md, deletion). */
  nudge: "account-functions.platform-mesh.io/nudge",
} as const;

export const coreExport = "core.platform-mesh.io";
export const infoName = "account";
/** Every LogicalCluster has this name. */
export const logicalClusterName = "cluster";
export const fieldManager = "account-functions";
