import { z } from "zod";
import type { RealmSettings } from "./config.ts";
import type { ClientSpec } from "./identity.ts";

const mapper = z.looseObject({
  name: z.string(),
  protocolMapper: z.string(),
  config: z.record(z.string(), z.string()).default({}),
});
export const client = z.looseObject({
  id: z.string(),
  clientId: z.string(),
  name: z.string().optional(),
  secret: z.string().optional(),
  redirectUris: z.array(z.string()).default([]),
  attributes: z.record(z.string(), z.string()).default({}),
  protocolMappers: z.array(mapper).default([]),
});
/** A client as Keycloak answers it. */
export type Client = z.output<typeof client>;

/** Ids that Keycloak gives to clients of its own in each realm. */
export const builtIn = [
  "account",
  "account-console",
  "admin-cli",
  "broker",
  "realm-management",
  "security-admin-console",
];
/** The id follows from the name, so that two runs at once cannot make two clients. */
export const idFor = (name: string) => (builtIn.includes(name) ? `${name}-portal` : name);

/** Mappers of other names are not ours. */
const ourMappers = "account-functions ";
const logoutUris = "post.logout.redirect.uris";

/** The client that is wanted, with those of its parts that are ours. */
export function wantedClient(clientId: string, spec: ClientSpec, settings: RealmSettings) {
  const isPublic = spec.type === "public";
  return {
    clientId,
    name: spec.name,
    protocol: "openid-connect",
    enabled: true,
    publicClient: isPublic,
    standardFlowEnabled: true,
    implicitFlowEnabled: false,
    serviceAccountsEnabled: false,
    directAccessGrantsEnabled: settings.directAccessGrants ?? false,
    redirectUris: [...spec.redirectUris],
    attributes: {
      [logoutUris]: spec.postLogoutRedirectUris.join("##"),
      // Nothing else keeps a code from being used by another program on the user's machine.
      ...(isPublic && { "pkce.code.challenge.method": "S256" }),
    },
    protocolMappers: [audience(clientId), ...(settings.groupsClaim ? [groups] : [])],
  };
}

/** kcp accepts tokens for the audiences that it is told, which are the client ids: an access token has its client as
 *  audience only if told so, an ID token always. */
const audience = (clientId: string) => ({
  name: `${ourMappers}audience`,
  protocol: "openid-connect",
  protocolMapper: "oidc-audience-mapper",
  config: { "included.client.audience": clientId, "access.token.claim": "true", "id.token.claim": "false" },
});
const groups = {
  name: `${ourMappers}groups`,
  protocol: "openid-connect",
  protocolMapper: "oidc-group-membership-mapper",
  config: {
    "claim.name": "groups",
    "full.path": "false",
    "access.token.claim": "true",
    "id.token.claim": "true",
    "userinfo.token.claim": "false",
  },
};

/** What Keycloak is to be told so that the client has the wanted form; `undefined` when it has it. Attributes and mappers
 *  that somebody added stay. */
export function repairOf(found: Client, spec: ClientSpec, settings: RealmSettings): object | undefined {
  const wanted = wantedClient(found.clientId, spec, settings);
  if (!differs(wanted, found)) return undefined;
  const others = found.protocolMappers.filter(({ name }) => !name.startsWith(ourMappers));
  const ours = wanted.protocolMappers.map((one) => ({ ...found.protocolMappers.find(sameName(one)), ...one }));
  const attributes = { ...found.attributes, ...wanted.attributes };
  return { ...found, ...wanted, attributes, protocolMappers: [...others, ...ours] };
}

const sameName = (one: { readonly name: string }) => (other: { readonly name: string }) => one.name === other.name;

function differs(wanted: ReturnType<typeof wantedClient>, found: Client): boolean {
  const { redirectUris, attributes, protocolMappers, ...rest } = wanted;
  const isMissing = (one: z.output<typeof mapper>) => {
    const present = found.protocolMappers.find(sameName(one));
    return present?.protocolMapper !== one.protocolMapper || !includes(present.config, one.config);
  };
  return (
    !includes(found, rest) ||
    inOrder(redirectUris) !== inOrder(found.redirectUris) ||
    inOrder(attributes[logoutUris]?.split("##")) !== inOrder(found.attributes[logoutUris]?.split("##")) ||
    !includes(found.attributes, { ...attributes, [logoutUris]: found.attributes[logoutUris] }) ||
    protocolMappers.some(isMissing) ||
    found.protocolMappers.some((one) => one.name.startsWith(ourMappers) && !protocolMappers.some(sameName(one)))
  );
}

const inOrder = (values: readonly string[] = []) => JSON.stringify(values.filter(Boolean).sort());
const includes = (found: Readonly<Record<string, unknown>>, wanted: Readonly<Record<string, unknown>>) =>
  Object.entries(wanted).every(([key, value]) => found[key] === value);
