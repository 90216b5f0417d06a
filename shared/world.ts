import type { ObjectRef } from "./function.ts";
import type { Account, AccountInfo, APIBinding, LogicalCluster, Workspace, WorkspaceType } from "./kcp/objects.ts";

/** An Account and all that is about it, read when asked for. Answers include the writes of this pass. */
export interface World {
  readonly account: Account;
  /** Cluster id of the workspace that holds the Account object. */
  readonly cluster: string;
  /** Path of the account's own workspace, once known; else its name. */
  path(): Promise<string>;
  workspace(): Promise<Workspace | undefined>;
  /** Cluster id of the account's own workspace, once kcp has scheduled it. */
  ownCluster(): Promise<string | undefined>;
  logicalCluster(): Promise<LogicalCluster | undefined>;
  /** The AccountInfo inside the account's workspace. */
  info(): Promise<AccountInfo | undefined>;
  /** The AccountInfo of the workspace that holds the Account object. */
  parentInfo(): Promise<AccountInfo | undefined>;
  workspaceType(name: string): Promise<WorkspaceType | undefined>;
  /** The binding of `core.platform-mesh.io` inside the account's workspace. */
  coreBinding(): Promise<APIBinding | undefined>;
  /** Accounts that live in the account's workspace. */
  children(): Promise<readonly Account[]>;
  workspaceRef(): ObjectRef;
}
