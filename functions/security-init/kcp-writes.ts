import type { AccountInfo, WorkspaceType } from "../../shared/kcp/objects.ts";
import type { SecretContent } from "../../shared/pass.ts";
import type { World } from "../../shared/world.ts";

/** What security-init writes to kcp; by Pass, as all writes of functions. */
export interface KcpWrites {
  nudge(cluster: string, name: string, at: string): Promise<void>;
  repairInfo(cluster: string, info: AccountInfo, spec: object): Promise<void>;
  /** Server-side apply of a Secret in namespace `default`, marked as ours. */
  applySecret(cluster: string, secret: SecretContent): Promise<void>;
  deleteSecret(cluster: string, name: string): Promise<void>;
  /** Server-side apply of a WorkspaceAuthenticationConfiguration. */
  applyAuthentication(cluster: string, name: string, spec: object): Promise<void>;
  deleteAuthentication(cluster: string, name: string): Promise<void>;
  /** Lets a WorkspaceType take tokens by the configuration of this name beside it. */
  authenticateBy(world: World, type: WorkspaceType, name: string): Promise<void>;
}
