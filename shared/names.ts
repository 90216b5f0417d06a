/** Finalizers, conditions, annotations and labels that the reference operator uses too: never rename one. */
export const finalizer = {
  account: "account.core.platform-mesh.io/finalizer",
  workspaceType: "workspacetype.core.platform-mesh.io/finalizer",
  info: "account.core.platform-mesh.io/info",
  /** On Accounts that were secured when their workspace had no terminator yet (decisions.md 29). */
  security: "security.platform-mesh.io/account",
  membership: "security.platform-mesh.io/membership",
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
  securityFinalize: "SecuritySubroutineFinalize",
} as const;

export const label = {
  org: "core.platform-mesh.io/org",
  /** Any value: look again now. */
  refresh: "platform-mesh.io/refresh-reconcile",
  debug: "debug.platform-mesh.io",
  /** Marks what we make among objects of a kind that others make too: the claim on Secrets is narrowed to it. */
  managedBy: "core.platform-mesh.io/managed-by",
} as const;

export const annotation = {
  /** "true" on a Workspace that somebody else made lets the Account of its name take it over. */
  adopt: "account-functions.platform-mesh.io/adopt",
  /** RFC 3339; written only to make kcp look at a Workspace again (spec/performance.md, deletion). */
  nudge: "account-functions.platform-mesh.io/nudge",
  /** RFC 3339, on an Account: since when its creator is owner no more. Nobody makes the creator owner again by itself
   *  (spec/security.md, 8B.1). */
  creatorRemoved: "account-functions.platform-mesh.io/creator-removed",
} as const;

export const coreExport = "core.platform-mesh.io";
export const infoName = "account";
/** Every LogicalCluster has this name. */
export const logicalClusterName = "cluster";
export const secretNamespace = "default";
export const fieldManager = "account-functions";
/** Initializer and terminator of the WorkspaceType that bootstrap makes: `<its workspace>:<its name>`. */
export const securityMarker = "root:security";

/** Where pm bootstrap puts the API export, unless a kubeconfig or a flag says otherwise. */
export const systemWorkspace = "root:platform-mesh-system";
