/** The resources that the product reads and writes, and where each is served. */
export const kinds = {
  Account: { group: "core.platform-mesh.io", version: "v1alpha1", plural: "accounts" },
  AccountInfo: { group: "core.platform-mesh.io", version: "v1alpha1", plural: "accountinfos" },
  Workspace: { group: "tenancy.kcp.io", version: "v1alpha1", plural: "workspaces" },
  WorkspaceType: { group: "tenancy.kcp.io", version: "v1alpha1", plural: "workspacetypes" },
  LogicalCluster: { group: "core.kcp.io", version: "v1alpha1", plural: "logicalclusters" },
  APIBinding: { group: "apis.kcp.io", version: "v1alpha2", plural: "apibindings" },
  Membership: { group: "core.platform-mesh.io", version: "v1alpha1", plural: "memberships" },
} as const satisfies Record<string, Resource>;

/** Written and read where security is on, and not watched. */
export const secrets: Resource = { group: "", version: "v1", plural: "secrets" };
export const authenticationConfigurations: Resource = {
  group: "tenancy.kcp.io",
  version: "v1alpha1",
  plural: "workspaceauthenticationconfigurations",
};

export type Kind = keyof typeof kinds;

/** What every installation has and watches (decisions.md 8), in the order in which a source asks for it. Other kinds are
 *  there only with the function that wants them. */
export const coreKinds: readonly Kind[] = [
  "Workspace",
  "LogicalCluster",
  "Account",
  "AccountInfo",
  "WorkspaceType",
  "APIBinding",
];

/** A served resource; `group` is empty for the core group. */
export interface Resource {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
}

export const apiVersionOf = ({ group, version }: Resource): string => (group ? `${group}/${version}` : version);
