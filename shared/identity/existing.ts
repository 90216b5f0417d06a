import { type ExistingConfig, forOrganization } from "./config.ts";
import { discover } from "./discovery.ts";
import { createHttp } from "./http.ts";
import { IdentityError, type IdentityProvider } from "./identity.ts";

/** A provider that somebody else keeps: its issuer must answer, and nothing is ever made or removed. */
export function createExisting(config: ExistingConfig): IdentityProvider {
  const http = createHttp(config);
  return {
    async ensureOrganization({ name }, call) {
      const { issuer } = await discover(http, { issuer: forOrganization(config.issuer, name) }, call);
      return { issuer };
    },
    async ensureClient({ organization: { name }, client }) {
      const configured = Object.entries(config.clientIds).find(([key]) => forOrganization(key, name) === client.name);
      if (configured) return { clientId: forOrganization(configured[1], name) };
      const key = client.name === name ? "{org}" : client.name;
      throw new IdentityError(
        `no client id is configured for client ${client.name} of ${name}: configure one for "${key}"`,
        "refused",
      );
    },
    removeClient: async () => undefined,
    invite: async () => "unsupported",
    revokeInvitation: async () => undefined,
    removeOrganization: async () => undefined,
  };
}
