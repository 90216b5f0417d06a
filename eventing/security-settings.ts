import { readFile } from "node:fs/promises";
import { readSecurityType } from "../shared/kcp/marker-urls.ts";
import type { Client } from "../shared/kcp/rest.ts";
import { defaultSecurity, type SecuritySettings } from "../shared/settings.ts";
import type { SecurityConfig } from "./run-config.ts";
import type { OpenSecurity } from "./security.ts";

const { marker } = defaultSecurity;

/** How orgs are secured; `undefined` while security is off in this kcp. */
export async function readSecurity(
  { settings, issuerCaFile }: SecurityConfig,
  client: Pick<Client, "read">,
): Promise<SecuritySettings | undefined> {
  const { isOn } = await readSecurityType((resource, target) => client.read(resource, target), marker);
  if (!isOn) return undefined;
  const issuerCa = issuerCaFile && (await readFile(issuerCaFile, "utf8"));
  return { ...settings, marker, ...(issuerCa && { issuerCa }) };
}

/** For functions that only look at what security-init has done: without OpenFGA and identity provider, and their code. */
export const openSettingsOnly: OpenSecurity = async (config, client) => {
  const settings = await readSecurity(config.security, client);
  return settings && { settings };
};
