import { type AccountKey, parseKey } from "../../shared/account-key.ts";
import { type CloudEvent, fact } from "../../shared/event.ts";
import { type KubeObject, pathAnnotation, type Workspace } from "../../shared/kcp/objects.ts";
import { finalizer } from "../../shared/names.ts";
import type { World } from "../../shared/world.ts";
import type { Deps } from "./deps.ts";

/** An account whose security is to go. */
export interface Teardown {
  readonly key: AccountKey;
  readonly isOrg: boolean;
  /** Name of the org that it is, or that it is in, where that is known. */
  readonly org: string | undefined;
  /** Cluster id of the account's own workspace, while there is one. */
  readonly cluster: string | undefined;
  /** `undefined` when the Account object is gone, though there may be another one of its name by now. */
  readonly world: World | undefined;
  /** Of the Account; `undefined` when nothing tells any more. */
  readonly uid: string | undefined;
}

/** What of this event is about an end: of the workspace, which our terminator holds, or of an Account that our finalizer
 *  holds since its workspace has no terminator. */
export async function teardownOf(
  event: CloudEvent,
  world: World | undefined,
  deps: Deps,
): Promise<Teardown | undefined> {
  const key = parseKey(event.accountkey);
  if (!key) return undefined;
  if (event.kind === "LogicalCluster" && event.phase === "Terminating" && event.kcpcluster) {
    return ofWorkspace({ key, cluster: event.kcpcluster, path: pathIn(event) }, world, deps);
  }
  if (!world?.isDeleting) return undefined;
  const workspace = await world.workspace();
  const about = { key, org: undefined, isOrg: wasOrg(world), world, uid: world.account.metadata.uid };
  if (!workspace) return has(world, finalizer.security) ? { ...about, cluster: undefined } : undefined;
  const looksAgain = event.type === fact.childDeleted || event.type === fact.resyncDue;
  if (!looksAgain || !workspace.metadata.deletionTimestamp || !world.owns(workspace)) return undefined;
  return { ...about, cluster: workspace.spec?.cluster };
}

interface Ending {
  readonly key: AccountKey;
  readonly cluster: string;
  readonly path: string | undefined;
}

async function ofWorkspace({ key, cluster, path }: Ending, present: World | undefined, deps: Deps): Promise<Teardown> {
  const named = await deps.workspaceNamed(key.cluster, key.name);
  const workspace = named?.spec?.cluster === cluster ? named : undefined;
  const world = present && workspace && isFormers(workspace, present) ? undefined : present;
  const below = path?.startsWith(`${deps.settings.orgsPath}:`) && path.slice(deps.settings.orgsPath.length + 1);
  const [org, ...rest] = below ? below.split(":") : [];
  const isOrg = org === undefined ? world !== undefined && wasOrg(world) : rest.length === 0;
  const uid = world?.account.metadata.uid ?? makerOf(workspace, present);
  return { key, cluster, org, isOrg, world, uid };
}

/** The workspace is older than the Account of its name, and never was its: it belonged to one that somebody removed by
 *  force. */
function isFormers({ metadata, spec }: Workspace, { account }: World): boolean {
  const isOlder = Date.parse(metadata.creationTimestamp) < Date.parse(account.metadata.creationTimestamp);
  return isOlder && account.status?.security?.cluster !== spec?.cluster;
}

/** Whom the Workspace was made for: it outlives an Account that was removed by force. */
const makerOf = (workspace: Workspace | undefined, present: World | undefined): string | undefined =>
  workspace?.metadata.ownerReferences?.find(
    ({ kind, uid }) => kind === "Account" && uid !== present?.account.metadata.uid,
  )?.uid;

/** Whatever `spec.type` says by now. */
const wasOrg = (world: World): boolean => world.isOrg || has(world, finalizer.workspaceType);

const has = ({ account }: World, name: string): boolean => account.metadata.finalizers?.includes(name) ?? false;

/** What is about to end may be known by its own annotation only. */
function pathIn({ kcppath, data }: CloudEvent): string | undefined {
  const { metadata } = (data ?? {}) as Partial<KubeObject>;
  return kcppath ?? metadata?.annotations?.[pathAnnotation];
}
