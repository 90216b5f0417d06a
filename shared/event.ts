/** A CloudEvent as it travels inside the product: the structured JSON form, attributes in lower case
 *  (spec/functions-and-events.md, sections 2 and 3). Every attribute but `data` is a string. */
export interface CloudEvent<Data = unknown> {
  readonly specversion: "1.0";
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly subject?: string;
  /** RFC 3339, when the source saw it. */
  readonly time?: string;
  readonly datacontenttype?: string;
  readonly data?: Data;
  /** `<origin cluster id>/<account name>`: order, partition and serialisation key (decisions.md 1). */
  readonly accountkey?: string;
  readonly kind?: string;
  readonly apiversion?: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly kcpcluster?: string;
  readonly kcppath?: string;
  /** `status.phase` of a forwarded Workspace, LogicalCluster or APIBinding. */
  readonly phase?: string;
  /** "true" once a forwarded object has a deletionTimestamp, else "false". */
  readonly deleting?: string;
  readonly traceparent?: string;
  /** Id of the event that caused this one. */
  readonly causationid?: string;
  /** "true" when the object was too large for the bus: the handler reads it instead (decisions.md 5). */
  readonly dataomitted?: string;
}

/** Types of forwarded Kubernetes events, the same as Knative's ApiServerSource. */
export const resource = {
  add: "dev.knative.apiserver.resource.add",
  update: "dev.knative.apiserver.resource.update",
  delete: "dev.knative.apiserver.resource.delete",
} as const;

/** Own events are facts in the past tense about one account. */
export const fact = {
  workspaceCreated: "io.platform-mesh.account.workspace-created",
  infoReady: "io.platform-mesh.account.info-ready",
  /** AccountInfo was deleted by hand; data keeps its fga and oidc over the deletion. */
  infoDeleted: "io.platform-mesh.account.info-deleted",
  parentInfoChanged: "io.platform-mesh.account.parent-info-changed",
  /** The WorkspaceType that the accounts of an org are made of has changed. */
  workspaceTypeChanged: "io.platform-mesh.account.workspace-type-changed",
  childDeleted: "io.platform-mesh.account.child-deleted",
  repaired: "io.platform-mesh.account.repaired",
  ready: "io.platform-mesh.account.ready",
  /** Who owns it can log in and is allowed to work, and nobody else is. */
  secured: "io.platform-mesh.account.secured",
  failed: "io.platform-mesh.account.failed",
  deleted: "io.platform-mesh.account.deleted",
  /** Somebody has, or has no longer, a role in the account: one for each grant and revocation (security.md 8B.9). */
  accessGranted: "io.platform-mesh.access.granted",
  accessRevoked: "io.platform-mesh.access.revoked",
  /** From the source's timer: look again, since nothing else may have woken this account. */
  resyncDue: "io.platform-mesh.account.resync-due",
} as const;

/** Changes of who may do what, one event each, for those who keep an audit. */
export const audit = {
  granted: "io.platform-mesh.access.granted",
  revoked: "io.platform-mesh.access.revoked",
  clientChanged: "io.platform-mesh.identity.client-changed",
  organizationChanged: "io.platform-mesh.identity.organization-changed",
  organizationRemoved: "io.platform-mesh.identity.organization-removed",
} as const;

/** Exact match on every attribute named, as a Knative Trigger filter does. */
export type Filter = Readonly<{ type: string } & Partial<Record<FilterAttribute, string>>>;
export type FilterAttribute = "type" | "kind" | "phase" | "deleting" | "name" | "source" | "subject";

export function matches(filter: Filter, event: CloudEvent): boolean {
  return Object.entries(filter).every(([attribute, value]) => event[attribute as FilterAttribute] === value);
}
