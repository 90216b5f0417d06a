import type { Fga } from "../shared/fga/fga.ts";
import type { Log } from "../shared/function.ts";
import type { IdentityProvider } from "../shared/identity/identity.ts";
import type { Client } from "../shared/kcp/rest.ts";
import type { SecuritySettings } from "../shared/settings.ts";
import type { RunConfig } from "./run-config.ts";
import { readSecurity } from "./security-settings.ts";

/** What accounts are secured with, where kcp holds their workspaces until they are. */
export interface Security {
  readonly settings: SecuritySettings;
  readonly fga?: Fga & { close(): void };
  readonly identity?: IdentityProvider;
}
/** Finds out whether security is on, and opens what it takes. */
export type OpenSecurity = (
  config: Pick<RunConfig, "security" | "fga">,
  client: Client,
  log: Log,
) => Promise<Security | undefined>;

/** Whether security is on is bootstrap's to say: `undefined` when kcp holds no workspace for us (decisions.md 29). Throws,
 *  in words for people, when it does and nobody could ever let go. */
export const openSecurity: OpenSecurity = async (config, client, log) => {
  const { identity } = config.security;
  const settings = await readSecurity(config.security, client);
  if (!settings) {
    if (identity) log.warn({}, "security is off in this kcp: switch it on with pm bootstrap --security=on");
    return undefined;
  }
  if (settings.parts.store && !config.fga) {
    throw new Error(
      `kcp holds every new workspace until ${settings.marker} is served, which takes OpenFGA: give --fga-url, ` +
        "switch that part off with --no-initializer-workspace-enabled, or all with pm bootstrap --security=off",
    );
  }
  const [fga, provider] = await Promise.all([
    // Loaded only where they are used: pm starts faster without.
    config.fga && import("../shared/fga/client.ts").then(({ createFga }) => config.fga && createFga(config.fga)),
    identity &&
      import("../shared/identity/open.ts").then(({ createIdentityProvider }) => createIdentityProvider(identity)),
  ]);
  return { settings, ...(fga && { fga }), ...(provider && { identity: provider }) };
};
