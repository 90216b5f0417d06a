import type { CloudEvent } from "../../shared/event.ts";
import type { Fga } from "../../shared/fga/fga.ts";
import type { IdentityProvider } from "../../shared/identity/identity.ts";
import type { Account, AccountInfo, Workspace } from "../../shared/kcp/objects.ts";
import type { Clusters } from "../../shared/outside.ts";
import type { Settings } from "../../shared/settings.ts";
import type { World } from "../../shared/world.ts";
import type { KcpWrites } from "./kcp-writes.ts";

export interface Deps extends KcpWrites {
  readonly settings: Settings;
  readonly fga: Fga | undefined;
  readonly identity: IdentityProvider | undefined;
  readonly clusters: Clusters;
  worldOf(event: CloudEvent): Promise<World | undefined>;
  isOthers(event: CloudEvent): Promise<boolean>;
  infoIn(cluster: string): Promise<AccountInfo | undefined>;
  accountsIn(cluster: string): Promise<readonly Account[]>;
  workspaceNamed(cluster: string, name: string): Promise<Workspace | undefined>;
  claimAccount(world: World, finalizers: readonly string[]): Promise<boolean>;
  removeFinalizers(world: World, names: readonly string[]): Promise<void>;
}
