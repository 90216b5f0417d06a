import { isDeepStrictEqual } from "node:util";
import { audit } from "../../shared/event.ts";
import type { OwnEvent } from "../../shared/function.ts";
import {
  type ClientCredentials,
  type ClientSpec,
  IdentityError,
  type IdentityProvider,
  type Organization,
} from "../../shared/identity/identity.ts";
import { classify } from "../../shared/kcp/errors.ts";
import { fieldManager, label, secretNamespace } from "../../shared/names.ts";
import type { SecuritySettings } from "../../shared/settings.ts";
import type { World } from "../../shared/world.ts";
import { type Chain, ended, isToldAgain, type Part, skippedPart, stepBefore } from "./chain.ts";
import { organizationChanged } from "./told.ts";

export const organizationOf = ({ account }: World): Organization => ({
  name: account.metadata.name,
  uid: account.metadata.uid,
  displayName: account.spec.displayName,
});

/** The org's own client for portals, and one for kubectl (spec/security.md, 1.3). */
export function clientsOf(org: string, settings: SecuritySettings): readonly ClientSpec[] {
  const { additionalRedirectUris, baseDomain, kubectlRedirectUris } = settings;
  const home = `https://${org}.${baseDomain}`;
  return [
    {
      name: org,
      type: "confidential",
      redirectUris: [...additionalRedirectUris, `${home}/*`],
      postLogoutRedirectUris: [`${home}/logout*`],
    },
    { name: "kubectl", type: "public", redirectUris: kubectlRedirectUris, postLogoutRedirectUris: [] },
  ];
}

export const secretName = (org: string, client: string): string => `portal-client-secret-${org}-${client}`;

export const realmPart: Part = {
  name: "realm",
  async run(chain) {
    if (!chain.settings.parts.identity) return skippedPart("switched off");
    if (!chain.identity) return skippedPart("no identity provider is configured");
    const { issuer } = await chain.identity.ensureOrganization(organizationOf(chain.world), chain.ctx);
    chain.record = { ...chain.record, issuer };
    if (chain.before?.issuer !== issuer || isToldAgain(chain))
      chain.audits.push(organizationChanged(chain.world, "issuer in use", { issuer }));
    return { state: "Done", message: issuer };
  },
};

/** Each client with its Secret beside the Account, one after the other, so that credentials that are told only once are
 *  put down before anything else happens. */
export const clientsPart: Part = {
  name: "clients",
  async run(chain) {
    const { identity, settings, world } = chain;
    if (!settings.parts.identity) return skippedPart("switched off");
    if (!identity) return skippedPart("no identity provider is configured");
    for (const client of clientsOf(world.account.metadata.name, settings)) {
      const { clientId } = await ensureClient(chain, identity, client);
      chain.clientIds = { ...chain.clientIds, [client.name]: clientId };
    }
    return ended;
  },
};

async function ensureClient(chain: Chain, identity: IdentityProvider, client: ClientSpec): Promise<ClientCredentials> {
  const { world, clusters, ctx } = chain;
  const organization = organizationOf(world);
  const name = secretName(organization.name, client.name);
  const stored = await clusters.readSecret({ cluster: world.cluster, name }, ctx);
  const known = stored && credentialsIn(stored);
  const credentials = await identity.ensureClient({ organization, client, ...(known && { known }) }, ctx);
  const isNew = !stored || stepBefore(chain, "clients")?.state !== "Done" || isToldAgain(chain);
  const isStored = isDeepStrictEqual(secretData(credentials), known && secretData(known));
  if (!isStored) await store(chain, { name, client: client.name, data: secretData(credentials) });
  if (isNew || !isStored) chain.audits.push(told(chain, { client: client.name, credentials, isNew }));
  return credentials;
}

interface Stored {
  readonly name: string;
  readonly client: string;
  readonly data: Readonly<Record<string, string>>;
}
/** The claim shows us our own Secrets alone: one that is not there and cannot be made is somebody else's. */
async function store({ world, kcp }: Chain, { name, client, data }: Stored): Promise<void> {
  const org = world.account.metadata.name;
  const labels = {
    "core.platform-mesh.io/idp-name": org,
    "core.platform-mesh.io/client-name": client,
  };
  try {
    await kcp.applySecret(world.cluster, { name, labels, data });
  } catch (error) {
    if (classify(error) !== "already-exists") throw error;
    const path = world.settings.orgsPath;
    throw new IdentityError(
      `Secret ${secretNamespace}/${name} in ${path} exists and is not ours: delete it, or label it ${label.managedBy}=${fieldManager}`,
      "foreign",
      { cause: error },
    );
  }
}

interface Told {
  readonly client: string;
  readonly credentials: ClientCredentials;
  readonly isNew: boolean;
}
function told({ world, event }: Chain, { client, credentials: { clientId }, isNew }: Told): OwnEvent {
  const { name, uid } = world.account.metadata;
  return {
    type: audit.clientChanged,
    // Its creation is one fact, whoever tells it; each change is another.
    id: isNew ? `${uid}/client/${client}/${clientId}` : `${event.id}/client/${client}`,
    data: { what: isNew ? "client created" : "client changed", organization: name, name: client, clientId },
  };
}

/** The keys that the reference writes, and what it keeps in its status. */
const secretData = ({ clientId, clientSecret, registrationAccessToken, registrationClientUri }: ClientCredentials) => ({
  client_id: clientId,
  ...(clientSecret && { client_secret: clientSecret }),
  ...(registrationAccessToken && { registration_access_token: registrationAccessToken }),
  ...(registrationClientUri && { registration_client_uri: registrationClientUri }),
});

export function credentialsIn(data: Readonly<Record<string, string>>): ClientCredentials | undefined {
  const { client_id, client_secret, registration_access_token, registration_client_uri } = data;
  if (!client_id) return undefined;
  return {
    clientId: client_id,
    ...(client_secret && { clientSecret: client_secret }),
    ...(registration_access_token && { registrationAccessToken: registration_access_token }),
    ...(registration_client_uri && { registrationClientUri: registration_client_uri }),
  };
}
