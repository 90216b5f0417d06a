import { type AccountKey, parseKey } from "../../shared/account-key.ts";
import type { CloudEvent } from "../../shared/event.ts";
import type { Account, AccountInfo, AccountLocation, Membership } from "../../shared/kcp/objects.ts";
import type { World } from "../../shared/world.ts";

export interface PlaceDeps {
  worldOf(event: CloudEvent): Promise<World | undefined>;
  isOthers(event: CloudEvent): Promise<boolean>;
  infoIn(cluster: string): Promise<AccountInfo | undefined>;
  accountNamed(cluster: string, name: string): Promise<Account | undefined>;
  membershipsIn(cluster: string): Promise<readonly Membership[]>;
}

/** The account that Memberships are about, and the workspace that they lie in. */
export interface Place {
  readonly account: AccountKey;
  /** Id of the account's own workspace. */
  readonly cluster: string;
  readonly path: string;
  /** `undefined` when there is no such Account (any more). */
  readonly world: World | undefined;
  readonly info: AccountInfo | undefined;
  readonly organization: AccountLocation | undefined;
  /** The account, or its workspace, is being deleted or gone: all roles in it go. */
  readonly isGoing: boolean;
  /** In order of their names. */
  readonly memberships: readonly Membership[];
}

/** `undefined` when the event is about an account of another installation, or about no workspace of one. */
export async function placeOf(event: CloudEvent, deps: PlaceDeps): Promise<Place | undefined> {
  const account = parseKey(event.accountkey);
  if (!account || (await deps.isOthers(event))) return undefined;
  const world = await deps.worldOf(event);
  const cluster = isInside(event) ? event.kcpcluster : await world?.ownCluster();
  if (cluster === undefined) return undefined;
  const memberships = (await deps.membershipsIn(cluster)).toSorted(byName);
  const info = await deps.infoIn(cluster);
  const path = info?.spec.account.path ?? (isInside(event) ? event.kcppath : undefined) ?? account.name;
  // What lies in a workspace that is being deleted may go in any order.
  const { organization } = (info ?? (await world?.parentInfo()))?.spec ?? {};
  return { account, cluster, path, world, info, organization, isGoing: await isGoing(world, cluster), memberships };
}

const insideKinds: ReadonlySet<string | undefined> = new Set(["Membership", "AccountInfo", "LogicalCluster"]);
const isInside = ({ kind }: CloudEvent): boolean => insideKinds.has(kind);

async function isGoing(world: World | undefined, cluster: string): Promise<boolean> {
  if (!world || world.isDeleting) return true;
  const workspace = await world.workspace();
  if (!workspace || workspace.metadata.deletionTimestamp || workspace.spec?.cluster !== cluster) return true;
  return (await world.logicalCluster())?.metadata.deletionTimestamp !== undefined;
}

const byName = (a: Membership, b: Membership): number => (a.metadata.name < b.metadata.name ? -1 : 1);
