/** The shapes of the objects that the product reads, as far as it reads them; unknown fields are kept. */

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}
export interface Metadata {
  readonly name: string;
  readonly namespace?: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation?: number;
  readonly creationTimestamp: string;
  readonly deletionTimestamp?: string;
  readonly finalizers?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
}
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Metadata;
}

/** A metav1.Condition. */
export interface Condition {
  readonly type: string;
  readonly status: "True" | "False" | "Unknown";
  readonly reason: string;
  readonly message: string;
  readonly lastTransitionTime: string;
  readonly observedGeneration?: number;
}

/** The lifecycle as users read it (spec/accounts.md, section 2). */
export type Phase = "Declared" | "Provisioning" | "Ready" | "Failed" | "Updating" | "Deleting";

export interface Account extends KubeObject {
  readonly spec: {
    readonly type: string;
    readonly displayName: string;
    readonly description?: string;
    readonly creator?: string;
    readonly data?: unknown;
  };
  readonly status?: {
    readonly conditions?: readonly Condition[];
    readonly observedGeneration?: number;
    readonly nextReconcileTime?: string;
    readonly phase?: Phase;
    readonly security?: SecurityRecord;
  };
}

/** What security-init has made for an account, and how far it is (decisions.md 30). */
export interface SecurityRecord {
  /** The generation that this was made for. */
  readonly observedGeneration: number;
  /** Cluster id of the account's own workspace that this is about: one deleted by hand is made anew, with another. */
  readonly cluster?: string;
  /** Id of the OpenFGA store that the account's tuples are in. */
  readonly storeId?: string;
  /** Of the model that was last written, with the digest of what it was made of. */
  readonly modelId?: string;
  readonly modelHash?: string;
  readonly issuer?: string;
  /** The creator was made owner once: who was removed later stays removed. */
  readonly creatorSeeded?: boolean;
  /** RFC 3339: when what failed is tried again. */
  readonly retryAt?: string;
  /** Id of the event whose handling changed this last: should that end before all was told, it comes again. */
  readonly cause?: string;
  readonly steps: readonly SecurityStepRecord[];
}
export interface SecurityStepRecord {
  readonly name: string;
  readonly state: SecurityState;
  /** How often in a row it was tried without success. */
  readonly attempts: number;
  readonly lastTransitionTime: string;
  readonly message: string;
}
/** `Retrying` after an error that may pass, `Failed` after one that will not. */
export type SecurityState = "Done" | "Skipped" | "Waiting" | "Retrying" | "Failed";

/** Where an account is: all fields required (spec/accounts.md, section 1). */
export interface AccountLocation {
  readonly name: string;
  /** Cluster id of the account's own workspace. */
  readonly generatedClusterId: string;
  /** Cluster id of the workspace that holds its Account object. */
  readonly originClusterId: string;
  readonly path: string;
  readonly url: string;
  readonly type: string;
}
export interface Oidc {
  readonly issuerUrl?: string;
  readonly clients?: Readonly<Record<string, { readonly clientId: string }>>;
}
export interface AccountInfoSpec {
  readonly account: AccountLocation;
  readonly parentAccount?: AccountLocation;
  readonly organization: AccountLocation;
  readonly clusterInfo: { readonly ca: string };
  readonly fga: { readonly store: { readonly id: string } };
  readonly oidc?: Oidc;
}
export interface AccountInfo extends KubeObject {
  readonly spec: AccountInfoSpec;
}

export interface WorkspaceTypeReference {
  readonly name: string;
  readonly path?: string;
}
/** Condition of a kcp object: like metav1, but reason and message are left out when True. */
export interface KcpCondition {
  readonly type: string;
  readonly status: "True" | "False" | "Unknown";
  readonly reason?: string;
  readonly message?: string;
}
export type LogicalClusterPhase =
  | ""
  | "Scheduling"
  | "Initializing"
  | "Ready"
  | "Unavailable"
  | "Terminating"
  | "Deleting";
export interface Workspace extends KubeObject {
  readonly spec?: { readonly type?: WorkspaceTypeReference; readonly cluster?: string; readonly URL?: string };
  readonly status?: {
    readonly phase?: LogicalClusterPhase;
    readonly conditions?: readonly KcpCondition[];
    readonly initializers?: readonly string[];
  };
}
export interface WorkspaceTypeSpec {
  readonly extend?: { readonly with?: readonly WorkspaceTypeReference[] };
  readonly defaultChildWorkspaceType?: WorkspaceTypeReference;
  readonly limitAllowedParents?: { readonly types?: readonly WorkspaceTypeReference[]; readonly none?: boolean };
  readonly limitAllowedChildren?: { readonly types?: readonly WorkspaceTypeReference[]; readonly none?: boolean };
  /** WorkspaceAuthenticationConfigurations beside the type whose tokens kcp accepts in its workspaces. */
  readonly authenticationConfigurations?: readonly { readonly name: string }[];
}
export interface WorkspaceType extends KubeObject {
  readonly spec: WorkspaceTypeSpec;
  readonly status?: { readonly conditions?: readonly KcpCondition[] };
}
export interface LogicalCluster extends KubeObject {
  readonly spec?: {
    readonly owner?: {
      readonly apiVersion: string;
      readonly resource: string;
      readonly cluster: string;
      readonly name: string;
      readonly uid: string;
    };
  };
  readonly status?: {
    readonly phase?: LogicalClusterPhase;
    readonly URL?: string;
    readonly conditions?: readonly KcpCondition[];
    readonly initializers?: readonly string[];
    readonly terminators?: readonly string[];
  };
}
export interface APIBinding extends KubeObject {
  readonly spec: { readonly reference: { readonly export?: { readonly path?: string; readonly name: string } } };
  readonly status?: { readonly phase?: string; readonly conditions?: readonly KcpCondition[] };
}

export type MemberRole = "owner" | "member";
/** Somebody's role in the account of the workspace that it lies in (decisions.md 34). */
export interface Membership extends KubeObject {
  readonly spec: {
    /** E-mail or user name, as kcp knows the user. */
    readonly subject: string;
    readonly role: MemberRole;
  };
  readonly status?: MembershipStatus;
}
export interface MembershipStatus {
  readonly conditions?: readonly Condition[];
  readonly observedGeneration?: number;
  /** Whom and in which OpenFGA store `roles` may have been granted: noted before it is done, so that nothing that was
   *  granted is ever forgotten. */
  readonly subject?: string;
  readonly store?: string;
  readonly roles?: readonly MemberRole[];
  /** The last change of the subject's roles in the account, for the audit. */
  readonly change?: RoleChange;
}

export interface RoleChange {
  /** Id of the event in whose handling it was made. */
  readonly cause: string;
  readonly before: readonly MemberRole[];
  readonly after: readonly MemberRole[];
}

export interface ObjectOf {
  Account: Account;
  AccountInfo: AccountInfo;
  Workspace: Workspace;
  WorkspaceType: WorkspaceType;
  LogicalCluster: LogicalCluster;
  APIBinding: APIBinding;
  Membership: Membership;
}

/** Annotation with the logical cluster id, on every object that kcp serves. */
export const clusterAnnotation = "kcp.io/cluster";
/** Annotation with the workspace path, on LogicalClusters and APIBindings only (kcp-facts V11). */
export const pathAnnotation = "kcp.io/path";

export const clusterOf = (object: KubeObject): string => object.metadata.annotations?.[clusterAnnotation] ?? "";
