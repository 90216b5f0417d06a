import type { ObjectRef } from "./function.ts";
import type { Reader } from "./kcp/client.ts";
import type { Account, AccountInfo, APIBinding, LogicalCluster, Workspace, WorkspaceType } from "./kcp/objects.ts";
import { coreExport, infoName, logicalClusterName } from "./names.ts";
import { orgType } from "./naming.ts";
import type { Settings } from "./settings.ts";

/** An Account and all that is about it, read when asked for; a write of this pass is seen by the next read, since the
 *  reader is told of it. Knows where things are, not what should be done about them. */
export class World {
  account: Account;
  /** Cluster id of the workspace that holds the Account object. */
  readonly cluster: string;
  readonly settings: Settings;
  readonly #reader: Reader;

  constructor(account: Account, cluster: string, reader: Reader, settings: Settings) {
    this.account = account;
    this.cluster = cluster;
    this.settings = settings;
    this.#reader = reader;
  }

  get isOrg(): boolean {
    return this.account.spec.type === orgType;
  }

  get isDeleting(): boolean {
    return this.account.metadata.deletionTimestamp !== undefined;
  }

  /** The Workspace was made for this Account; one of its name may be somebody else's. */
  owns(workspace: Workspace): boolean {
    return workspace.metadata.ownerReferences?.some(({ uid }) => uid === this.account.metadata.uid) ?? false;
  }

  /** The AccountInfo inside the Workspace of this name says that it was made for this Account. */
  async isRecorded(): Promise<boolean> {
    const recorded = (await this.info())?.spec.account;
    return recorded?.originClusterId === this.cluster && recorded.name === this.account.metadata.name;
  }

  workspace(): Promise<Workspace | undefined> {
    return this.#reader.get("Workspace", this.cluster, this.account.metadata.name);
  }

  /** Cluster id of the account's own workspace, once kcp has scheduled it. */
  async ownCluster(): Promise<string | undefined> {
    return (await this.workspace())?.spec?.cluster;
  }

  async logicalCluster(): Promise<LogicalCluster | undefined> {
    const cluster = await this.ownCluster();
    return cluster ? this.#reader.get("LogicalCluster", cluster, logicalClusterName) : undefined;
  }

  /** The LogicalCluster that holds the Account object; its annotation carries that workspace's path. */
  parentLogicalCluster(): Promise<LogicalCluster | undefined> {
    return this.#reader.get("LogicalCluster", this.cluster, logicalClusterName);
  }

  /** The AccountInfo inside the account's workspace. */
  async info(): Promise<AccountInfo | undefined> {
    const cluster = await this.ownCluster();
    return cluster ? this.#reader.get("AccountInfo", cluster, infoName) : undefined;
  }

  /** The AccountInfo of the workspace that holds the Account object; an org has none. */
  async parentInfo(): Promise<AccountInfo | undefined> {
    return this.isOrg ? undefined : this.#reader.get("AccountInfo", this.cluster, infoName);
  }

  /** A WorkspaceType in root:orgs: beside an org's Account, and in the org's origin cluster for everything below it. */
  async workspaceType(name: string): Promise<WorkspaceType | undefined> {
    const cluster = this.isOrg ? this.cluster : (await this.parentInfo())?.spec.organization?.originClusterId;
    return cluster ? this.#reader.get("WorkspaceType", cluster, name) : undefined;
  }

  /** One of the two that an org has beside its Account, whatever `spec.type` says by now. */
  typeBeside(name: string): Promise<WorkspaceType | undefined> {
    return this.#reader.get("WorkspaceType", this.cluster, name);
  }

  /** The bindings in the account's workspace. */
  async bindings(): Promise<readonly APIBinding[]> {
    const cluster = await this.ownCluster();
    return cluster ? this.#reader.list("APIBinding", cluster) : [];
  }

  /** The one that makes accounts and AccountInfo available there. */
  async coreBinding(): Promise<APIBinding | undefined> {
    const bindings = await this.bindings();
    return bindings.find((binding) => binding.spec.reference.export?.name === coreExport);
  }

  workspaceRef(): ObjectRef {
    return { kind: "Workspace", cluster: this.cluster, name: this.account.metadata.name };
  }

  parentInfoRef(): ObjectRef {
    return { kind: "AccountInfo", cluster: this.cluster, name: infoName };
  }
}
