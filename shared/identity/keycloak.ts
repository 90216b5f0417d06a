import type { KeycloakConfig } from "./config.ts";
import { discover } from "./discovery.ts";
import { createHttp } from "./http.ts";
import type { IdentityProvider, Organization } from "./identity.ts";
import { createAdmin } from "./keycloak-admin.ts";
import { ensureKeycloakClient, removeKeycloakClient } from "./keycloak-clients.ts";
import { ensureRealm, findOwnRealm, removeRealm, requireRealm } from "./keycloak-realm.ts";
import { inviteUser, revokeUser } from "./keycloak-users.ts";

/** A realm of Keycloak for each organization, marked with the uid of its Account. */
export function createKeycloak(config: KeycloakConfig, { now = Date.now } = {}): IdentityProvider {
  const http = createHttp(config);
  const url = config.url.replace(/\/$/, "");
  const publicUrl = (config.publicUrl ?? url).replace(/\/$/, "");
  const settings = config.realm ?? {};
  const admin = createAdmin({ http, url, login: config.admin, now });
  const clients = ({ name }: Organization) => ({ admin, http, realm: name, url, publicUrl, settings });
  const users = ({ name }: Organization) => ({
    admin,
    realm: name,
    invitationSeconds: settings.invitationSeconds,
    now,
  });
  return {
    async ensureOrganization(organization, call) {
      await ensureRealm(admin, { organization, settings }, call);
      const below = `/realms/${encodeURIComponent(organization.name)}`;
      const { issuer } = await discover(http, { issuer: publicUrl + below, base: url + below }, call);
      return { issuer };
    },
    async ensureClient({ organization, client, known }, call) {
      await requireRealm(admin, organization, call);
      return ensureKeycloakClient(clients(organization), { spec: client, known }, call);
    },
    async removeClient({ organization, name }, call) {
      if (await findOwnRealm(admin, organization, call)) await removeKeycloakClient(clients(organization), name, call);
    },
    async invite({ organization, invitation }, call) {
      await requireRealm(admin, organization, call);
      return inviteUser(users(organization), invitation, call);
    },
    async revokeInvitation({ organization, email }, call) {
      if (await findOwnRealm(admin, organization, call)) await revokeUser(users(organization), email, call);
    },
    removeOrganization: (organization, call) => removeRealm(admin, organization, call),
  };
}
