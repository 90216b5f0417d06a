import { readFile } from "node:fs/promises";
import type { Fga } from "../shared/fga/fga.ts";
import type { Log } from "../shared/function.ts";
import type { IdentityProvider } from "../shared/identity/identity.ts";
import { readSecurityType } from "../shared/kcp/marker-urls.ts";
import type { Client } from "../shared/kcp/rest.ts";
import { defaultSecurity, type SecuritySettings } from "../shared/settings.ts";
import type { RunConfig } from "./run-config.ts";

/** What accounts are secured with, where kcp holds their workspaces until they are. */
export interface Security {
  readonly settings: SecuritySettings;
  readonly fga?: Fga & { close(): void };
  readonly identity?: IdentityProvider;
}

const { marker } = defaultSecurity;

/** Whether security is on is bootstrap's to say: `undefined` when kcp holds no workspace for us (decisions.md 29). Throws,
 *  in words for people, when it does and nobody could ever let go. */
export async function openSecurity(
  config: Pick<RunConfig, "security" | "fga">,
  client: Client,
  log: Log,
): Promise<Security | undefined> {
  const { isOn } = await readSecurityType((resource, target) => client.read(resource, target), marker);
  const { settings, identity, issuerCaFile } = config.security;
  if (!isOn) {
    if (identity) log.warn({}, "security is off in this kcp: switch it on with pm bootstrap --security=on");
    return undefined;
  }
  if (settings.parts.store && !config.fga) {
    throw new Error(
      `kcp holds every new workspace until ${marker} is served, which takes OpenFGA: give --fga-url, ` +
        "switch that part off with --no-initializer-workspace-enabled, or all with pm bootstrap --security=off",
    );
  }
  const [fga, provider, issuerCa] = await Promise.all([
    // Loaded only where they are used: pm starts faster without.
    config.fga && import("../shared/fga/client.ts").then(({ createFga }) => config.fga && createFga(config.fga)),
    identity &&
      import("../shared/identity/open.ts").then(({ createIdentityProvider }) => createIdentityProvider(identity)),
    issuerCaFile && readFile(issuerCaFile, "utf8"),
  ]);
  return {
    settings: { ...settings, marker, ...(issuerCa && { issuerCa }) },
    ...(fga && { fga }),
    ...(provider && { identity: provider }),
  };
}
