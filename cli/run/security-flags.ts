import { readFileSync } from "node:fs";
import { load } from "js-yaml";
import { z } from "zod";
import type { SecurityConfig } from "../../eventing/run-config.ts";
import type { IdentityConfig } from "../../shared/identity/config.ts";
import { messageOf } from "../../shared/kcp/errors.ts";
import { defaultSecurity } from "../../shared/settings.ts";
import type { Options, Values } from "../command.ts";
import { UsageError } from "../errors.ts";

/** How orgs are secured where `pm bootstrap --security=on` asks for it. The names that the reference has are its own. */
export const securityFlags = {
  "idp-config": {
    type: "string",
    env: "IDP_CONFIG",
    description: "YAML file that says how the identity provider of the orgs is reached (docs/security.md)",
  },
  "base-domain": {
    type: "string",
    default: defaultSecurity.baseDomain,
    description: "an org is reached at https://ORG.BASE-DOMAIN",
  },
  "issuer-ca": { type: "string", description: "PEM file of the CA of the orgs' issuers, told to kcp" },
  "idp-additional-redirect-urls": {
    type: "string[]",
    description: "redirect URLs of each org's client, besides its own",
  },
  "idp-kubectl-client-redirect-urls": {
    type: "string[]",
    description: "redirect URLs of client kubectl (default http://localhost:8000, http://localhost:18000)",
  },
  "additional-audiences": { type: "string[]", description: "audiences that kcp accepts besides the client ids" },
  "username-claim": {
    type: "string",
    default: defaultSecurity.claims.username,
    description: "claim with the user's name",
  },
  "groups-claim": {
    type: "string",
    default: defaultSecurity.claims.groups,
    description: "claim with the user's groups",
  },
  "allow-member-tuples-enabled": {
    type: "boolean",
    description: "everybody who is logged in is a member of every org",
  },
  "hash-subjects": { type: "boolean", description: "audit events name people by the SHA-256 of their e-mail address" },
  "initializer-workspace-enabled": {
    type: "boolean",
    default: true,
    description: "store, model and tuples in OpenFGA",
  },
  "initializer-idp-enabled": { type: "boolean", default: true, description: "realm, clients and their Secrets" },
  "initializer-invite-enabled": { type: "boolean", default: true, description: "invitation of an org's creator" },
  "initializer-workspace-auth-enabled": {
    type: "boolean",
    default: true,
    description: "WorkspaceAuthenticationConfiguration, by which kcp accepts an org's tokens",
  },
} as const satisfies Options;

/** Throws UsageError for a file that says something else. */
export function securityOf(flags: Values<typeof securityFlags>, where = "pm run"): SecurityConfig {
  const { "idp-config": file, "issuer-ca": issuerCaFile } = flags;
  const kubectlRedirectUris = flags["idp-kubectl-client-redirect-urls"];
  return {
    identity: file ? identityIn(file, where) : undefined,
    ...(issuerCaFile && { issuerCaFile }),
    settings: {
      parts: {
        store: flags["initializer-workspace-enabled"],
        identity: flags["initializer-idp-enabled"],
        invitation: flags["initializer-invite-enabled"],
        authentication: flags["initializer-workspace-auth-enabled"],
      },
      baseDomain: flags["base-domain"],
      additionalRedirectUris: flags["idp-additional-redirect-urls"],
      kubectlRedirectUris: kubectlRedirectUris.length > 0 ? kubectlRedirectUris : defaultSecurity.kubectlRedirectUris,
      additionalAudiences: flags["additional-audiences"],
      claims: { username: flags["username-claim"], groups: flags["groups-claim"] },
      allowMembers: flags["allow-member-tuples-enabled"],
      hashSubjects: flags["hash-subjects"],
    },
  };
}

function identityIn(file: string, where: string): IdentityConfig {
  try {
    return identityConfig.parse(load(readFileSync(file, "utf8"))) as IdentityConfig;
  } catch (error) {
    const problems =
      error instanceof z.ZodError
        ? error.issues.map(({ path, message }) => `${path.join(".") || "the file"}: ${message}`).join("; ")
        : messageOf(error);
    throw new UsageError(`--idp-config: ${file}: ${problems}`, { where, next: "see docs/security.md" });
  }
}

const url = z.url({ protocol: /^https$/, error: "an https URL is needed" });
const issuer = z.string().regex(/^https:\/\//, "an https URL is needed");
const seconds = z.int().min(60).optional();
const reachable = { caFile: z.string().optional(), timeoutMs: z.int().min(100).optional() };
const smtp = z.strictObject({
  host: z.string(),
  port: z.int().min(1).max(65_535),
  from: z.email(),
  fromDisplayName: z.string().optional(),
  encryption: z.enum(["none", "starttls", "tls"]).optional(),
  login: z.strictObject({ username: z.string(), passwordFile: z.string() }).optional(),
});
const realm = z.strictObject({
  registrationAllowed: z.boolean().optional(),
  accessTokenSeconds: seconds,
  sessionIdleSeconds: seconds,
  invitationSeconds: seconds,
  directAccessGrants: z.boolean().optional(),
  groupsClaim: z.boolean().optional(),
  smtp: smtp.optional(),
});

/** The file in YAML, field by field as shared/identity/config.ts names them. */
const identityConfig = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("keycloak"),
    ...reachable,
    url,
    publicUrl: url.optional(),
    admin: z.union([
      z.strictObject({ clientId: z.string(), secretFile: z.string() }),
      z.strictObject({ username: z.string(), passwordFile: z.string() }),
    ]),
    realm: realm.optional(),
  }),
  z.strictObject({
    kind: z.literal("registration"),
    ...reachable,
    issuer,
    initialAccessTokenFile: z.string().optional(),
  }),
  z.strictObject({
    kind: z.literal("existing"),
    ...reachable,
    issuer,
    clientIds: z.record(z.string(), z.string()),
  }),
]);
