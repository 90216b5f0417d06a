import { parseKey } from "./account-key.ts";
import type { AccountStatus } from "./conditions.ts";
import type { CloudEvent } from "./event.ts";
import type { Fga } from "./fga/fga.ts";
import type { IdentityProvider } from "./identity/identity.ts";
import type { Reader, Target, Unsaved, Writer } from "./kcp/client.ts";
import { classify, type ErrorClass, messageOf } from "./kcp/errors.ts";
import { apiVersionOf, authenticationConfigurations, type Kind, kinds, secrets } from "./kcp/kinds.ts";
import type {
  Account,
  AccountInfo,
  AccountInfoSpec,
  KubeObject,
  Membership,
  MembershipStatus,
  ObjectOf,
  OwnerReference,
  Workspace,
  WorkspaceType,
  WorkspaceTypeSpec,
} from "./kcp/objects.ts";
import { annotation, fieldManager, finalizer, infoName, label, logicalClusterName, secretNamespace } from "./names.ts";
import type { Clusters, Outside } from "./outside.ts";
import { repairPatch } from "./repair-patch.ts";
import type { Settings } from "./settings.ts";
import { World } from "./world.ts";

/** Where a pass reads and writes. `reader` must answer with the newest of what it was told and what it read. */
export interface Backend {
  readonly reader: Reader;
  readonly writer: Writer;
  /** Reads one object from the server and tells the reader, after a conflict showed that it is behind. */
  refresh(kind: Kind, cluster: string, name: string): Promise<void>;
  /** Where security is on. */
  readonly outside?: Outside;
  /** The same for one invocation alone, where that is another. */
  forInvocation?(): Backend;
}

/** What the functions may do to kcp: their `deps`, one verb for each thing that happens to an account.
 *  Knows how an object is written; not when, nor in which order. One is made for each invocation. */
export class Pass {
  readonly #backend: Backend;
  readonly #settings: Settings;
  readonly #signal: AbortSignal;
  /** The account that this pass is about, once a handler asked for it. */
  world: World | undefined;
  /** How many writes the server has taken. */
  writes = 0;

  constructor(backend: Backend, settings: Settings, signal: AbortSignal) {
    this.#backend = backend;
    this.#settings = settings;
    this.#signal = signal;
  }

  get settings(): Settings {
    return this.#settings;
  }

  get fga(): Fga | undefined {
    return this.#backend.outside?.fga;
  }

  get identity(): IdentityProvider | undefined {
    return this.#backend.outside?.identity;
  }

  get clusters(): Clusters {
    const { outside } = this.#backend;
    if (!outside) throw new Error("security is off: nothing outside of the watched objects can be reached");
    return outside.clusters;
  }

  /** The account that the event is about, by its order key; `undefined` when there is none (any more). */
  async worldOf(event: CloudEvent): Promise<World | undefined> {
    const key = parseKey(event.accountkey);
    if (!key) return undefined;
    const account = await this.#get("Account", key.cluster, key.name);
    this.world = account && this.#isMine(account) ? this.worldFor(account, key.cluster) : undefined;
    return this.world;
  }

  /** Reads the account of this pass anew; false when it is gone. */
  async reload(): Promise<boolean> {
    const { world } = this;
    const account = world && (await this.#get("Account", world.cluster, world.account.metadata.name));
    if (world && account) world.account = account;
    return account !== undefined;
  }

  /** The event is about an account of another installation. */
  async isOthers(event: CloudEvent): Promise<boolean> {
    const key = parseKey(event.accountkey);
    const account = key && (await this.#get("Account", key.cluster, key.name));
    return account !== undefined && !this.#isMine(account);
  }

  infoIn(cluster: string): Promise<AccountInfo | undefined> {
    return this.#get("AccountInfo", cluster, infoName);
  }

  /** The cluster's LogicalCluster is still to be seen. */
  async isServed(cluster: string): Promise<boolean> {
    return (await this.#get("LogicalCluster", cluster, logicalClusterName)) !== undefined;
  }

  accountsIn(cluster: string): Promise<readonly Account[]> {
    return this.#backend.reader.list("Account", cluster, this.#call);
  }

  accountNamed(cluster: string, name: string): Promise<Account | undefined> {
    return this.#get("Account", cluster, name);
  }

  membershipsIn(cluster: string): Promise<readonly Membership[]> {
    return this.#backend.reader.list("Membership", cluster, this.#call);
  }

  workspaceNamed(cluster: string, name: string): Promise<Workspace | undefined> {
    return this.#get("Workspace", cluster, name);
  }

  /** As the server has it now: what is about to be taken for gone, or for staying, the reader may not have been told of. */
  async presentWorkspace(cluster: string, name: string): Promise<Workspace | undefined> {
    await this.#backend.refresh("Workspace", cluster, name);
    return this.workspaceNamed(cluster, name);
  }

  worldFor(account: Account, cluster: string): World {
    return new World(account, cluster, this.#backend.reader, this.#settings);
  }

  /** Adds the finalizers that are missing and takes the refresh label away, in one write or none; answers whether the
   *  label was there. */
  async claimAccount(world: World, wanted: readonly string[]): Promise<boolean> {
    const present = world.account.metadata.finalizers ?? [];
    const missing = wanted.filter((name) => !present.includes(name));
    const refreshed = world.account.metadata.labels?.[label.refresh] !== undefined;
    if (missing.length === 0 && !refreshed) return false;
    const labels = refreshed ? { labels: { [label.refresh]: null } } : {};
    await this.#patchMetadata(world, { finalizers: [...present, ...missing], ...labels });
    return refreshed;
  }

  async removeFinalizers(world: World, unwanted: readonly string[]): Promise<void> {
    const present = world.account.metadata.finalizers ?? [];
    const kept = present.filter((name) => !unwanted.includes(name));
    if (kept.length < present.length) await this.#patchMetadata(world, { finalizers: kept });
  }

  async createWorkspace(world: World, type: { name: string; path: string }): Promise<void> {
    const { name } = world.account.metadata;
    const metadata = { name, ownerReferences: [ownerReference(world.account)] };
    await this.#create<Workspace>("Workspace", world.cluster, { ...typeMeta("Workspace"), metadata, spec: { type } });
  }

  /** Makes the Account an owner of a Workspace that lacks the reference. */
  async ownWorkspace(world: World, workspace: Workspace): Promise<void> {
    const { ownerReferences = [], resourceVersion } = workspace.metadata;
    const metadata = { resourceVersion, ownerReferences: [...ownerReferences, ownerReference(world.account)] };
    await this.#patch("Workspace", this.#target(world), { metadata });
  }

  async deleteWorkspace(world: World, workspace: Workspace): Promise<void> {
    await this.#delete("Workspace", this.#target(world), workspace);
  }

  /** Writes an annotation that means nothing, so that kcp looks at the Workspace again (decisions.md 16). */
  async nudge(cluster: string, name: string, at: string): Promise<void> {
    const patch = { metadata: { annotations: { [annotation.nudge]: at } } };
    try {
      await this.#backend.writer.mergePatch(kinds.Workspace, { cluster, name }, patch, this.#call);
    } catch (error) {
      if (classify(error) !== "not-found") throw error;
    }
  }

  async createWorkspaceType(world: World, name: string, spec: WorkspaceTypeSpec): Promise<void> {
    await this.#create<WorkspaceType>("WorkspaceType", world.cluster, workspaceType(world, name, spec));
  }

  async repairWorkspaceType(world: World, type: WorkspaceType, spec: object): Promise<void> {
    const { name, resourceVersion } = type.metadata;
    const metadata = { resourceVersion, labels: { [label.org]: world.account.metadata.name } };
    await this.#patch("WorkspaceType", { cluster: world.cluster, name }, { metadata, spec });
  }

  async deleteWorkspaceType(world: World, type: WorkspaceType): Promise<void> {
    await this.#delete("WorkspaceType", { cluster: world.cluster, name: type.metadata.name }, type);
  }

  async createInfo(cluster: string, spec: AccountInfoSpec): Promise<void> {
    const metadata = { name: infoName, finalizers: [finalizer.info] };
    await this.#create<AccountInfo>("AccountInfo", cluster, { ...typeMeta("AccountInfo"), metadata, spec });
  }

  async repairInfo(cluster: string, info: AccountInfo, spec: object): Promise<void> {
    const { finalizers = [], resourceVersion } = info.metadata;
    const held = finalizers.includes(finalizer.info) ? finalizers : [...finalizers, finalizer.info];
    await this.#patch(
      "AccountInfo",
      { cluster, name: infoName },
      { metadata: { resourceVersion, finalizers: held }, spec },
    );
  }

  /** Takes our finalizer away; those of others stay. */
  async releaseInfo(cluster: string, info: AccountInfo): Promise<void> {
    const { finalizers = [], resourceVersion } = info.metadata;
    const kept = finalizers.filter((name) => name !== finalizer.info);
    await this.#patch("AccountInfo", { cluster, name: infoName }, { metadata: { resourceVersion, finalizers: kept } });
  }

  async applySecret(cluster: string, { name, labels, data }: SecretContent): Promise<void> {
    const metadata = { name, namespace: secretNamespace, labels: { ...labels, ...managed } };
    const encoded = Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString("base64")]);
    const secret = { apiVersion: "v1", kind: "Secret", metadata, data: Object.fromEntries(encoded) };
    await this.#backend.writer.apply<KubeObject>(secrets, cluster, secret, { fieldManager }, this.#call);
    this.writes++;
  }

  async deleteSecret(cluster: string, name: string): Promise<void> {
    const target = { cluster, name, namespace: secretNamespace };
    await this.#backend.writer.delete(secrets, target, undefined, this.#call);
  }

  async applyAuthentication(cluster: string, name: string, spec: object): Promise<void> {
    const resource = authenticationConfigurations;
    const kind = "WorkspaceAuthenticationConfiguration";
    const configuration = { apiVersion: apiVersionOf(resource), kind, metadata: { name }, spec };
    await this.#backend.writer.apply<KubeObject>(resource, cluster, configuration, { fieldManager }, this.#call);
    this.writes++;
  }

  async deleteAuthentication(cluster: string, name: string): Promise<void> {
    await this.#backend.writer.delete(authenticationConfigurations, { cluster, name }, undefined, this.#call);
  }

  async authenticateBy(world: World, type: WorkspaceType, name: string): Promise<void> {
    const { metadata, spec } = type;
    const authenticationConfigurations = [...(spec.authenticationConfigurations ?? []), { name }];
    await this.#patch(
      "WorkspaceType",
      { cluster: world.cluster, name: metadata.name },
      { metadata: { resourceVersion: metadata.resourceVersion }, spec: { authenticationConfigurations } },
    );
  }

  /** Sets whether we hold the end of a Membership; the finalizers of others stay. */
  holdMembership(cluster: string, membership: Membership, isHeld: boolean): Promise<Membership> {
    const { finalizers = [], name, resourceVersion } = membership.metadata;
    const others = finalizers.filter((each) => each !== finalizer.membership);
    const wanted = isHeld ? [...others, finalizer.membership] : others;
    return this.#patch<Membership>(
      "Membership",
      { cluster, name },
      { metadata: { resourceVersion, finalizers: wanted } },
    );
  }

  /** Merge patch: a field that is no more is `null`. */
  writeMembershipStatus(cluster: string, membership: Membership, status: MembershipStatus): Promise<Membership> {
    const { name, resourceVersion } = membership.metadata;
    const target: Target = { cluster, name, subresource: "status" };
    return this.#patch<Membership>("Membership", target, { metadata: { resourceVersion }, status });
  }

  /** Notes on the Account that its creator is owner no more. */
  async noteCreatorRemoved(world: World, at: string): Promise<void> {
    await this.#patchMetadata(world, { annotations: { [annotation.creatorRemoved]: at } });
  }

  /** Merge patch of the whole status with the resourceVersion last read (decisions.md 10). */
  async writeStatus(world: World, status: AccountStatus): Promise<void> {
    const { resourceVersion } = world.account.metadata;
    const target: Target = { ...this.#target(world), subresource: "status" };
    const { security: before = {} } = world.account.status ?? {};
    // What is no more would stay.
    const security = status.security && { security: repairPatch(before, status.security) };
    const patch = { metadata: { resourceVersion }, status: { ...status, ...security } };
    world.account = await this.#patch<Account>("Account", target, patch);
  }

  /** Two installations can share the accounts of one kcp by the debug label. */
  #isMine(account: Account): boolean {
    return (account.metadata.labels?.[label.debug] ?? "") === this.#settings.debugLabelValue;
  }

  get #call() {
    return { signal: this.#signal };
  }

  #target(world: World): Target {
    return { cluster: world.cluster, name: world.account.metadata.name };
  }

  #get<K extends Kind>(kind: K, cluster: string, name: string): Promise<ObjectOf[K] | undefined> {
    return this.#backend.reader.get(kind, cluster, name, this.#call);
  }

  async #patchMetadata(world: World, metadata: object): Promise<void> {
    const { resourceVersion } = world.account.metadata;
    const patch = { metadata: { ...metadata, resourceVersion } };
    world.account = await this.#patch<Account>("Account", this.#target(world), patch);
  }

  #create<T extends KubeObject>(kind: Kind, cluster: string, object: Unsaved<T>): Promise<T> {
    return this.#fresh(kind, { cluster, name: object.metadata.name }, ["already-exists"], () =>
      this.#backend.writer.create<T>(kinds[kind], cluster, object, this.#call),
    );
  }

  #patch<T extends KubeObject>(kind: Kind, target: Target, patch: object): Promise<T> {
    return this.#fresh(kind, target, ["conflict", "not-found"], () =>
      this.#backend.writer.mergePatch<T>(kinds[kind], target, patch, this.#call),
    );
  }

  async #delete(kind: Kind, target: Target, object: KubeObject): Promise<void> {
    const { uid } = object.metadata;
    const left = await this.#fresh(kind, target, ["conflict"], () =>
      this.#backend.writer.delete(kinds[kind], target, { uid }, this.#call),
    );
    if (!left) await this.#backend.refresh(kind, target.cluster, target.name);
  }

  /** A write that the server refuses because it knows more than the reader: the reader is brought up to date first. */
  async #fresh<T>(kind: Kind, target: Target, stale: readonly ErrorClass[], write: () => Promise<T>): Promise<T> {
    try {
      const answer = await write();
      this.writes++;
      return answer;
    } catch (error) {
      if (!stale.includes(classify(error))) throw error;
      await this.#backend.refresh(kind, target.cluster, target.name);
      throw new StaleError(messageOf(error), { cause: error });
    }
  }
}

/** The decision was made on what is no longer so: decide again on the present state. */
export class StaleError extends Error {
  override name = "StaleError";
}

/** A Secret of an org, beside its Account. */
export interface SecretContent {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Not encoded. */
  readonly data: Readonly<Record<string, string>>;
}
const managed = { [label.managedBy]: fieldManager };

const typeMeta = (kind: Kind) => ({ apiVersion: apiVersionOf(kinds[kind]), kind });

const ownerReference = (account: Account): OwnerReference => ({
  apiVersion: apiVersionOf(kinds.Account),
  kind: "Account",
  name: account.metadata.name,
  uid: account.metadata.uid,
});

const workspaceType = (world: World, name: string, spec: WorkspaceTypeSpec): Unsaved<WorkspaceType> => ({
  ...typeMeta("WorkspaceType"),
  metadata: { name, labels: { [label.org]: world.account.metadata.name } },
  spec,
});
