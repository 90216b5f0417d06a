import { z } from "zod";
import { parse } from "../../shared/identity/answers.ts";
import type { KeycloakConfig, RealmSettings } from "../../shared/identity/config.ts";
import { createHttp } from "../../shared/identity/http.ts";
import type { ClientCredentials } from "../../shared/identity/identity.ts";
import { createKeycloak } from "../../shared/identity/keycloak.ts";
import { type Admin, createAdmin } from "../../shared/identity/keycloak-admin.ts";
import type { Keycloak } from "../keycloak-server.ts";

/** The realm in which people are before they have an organization. */
export interface WelcomeRealm {
  readonly issuer: string;
  /** The portal's. */
  readonly portal: ClientCredentials;
  /** Public, for kubectl. */
  readonly kubectl: ClientCredentials;
}
export interface WelcomeUser {
  readonly email: string;
  readonly password: string;
}

const welcome = { name: "welcome", uid: "welcome", displayName: "Welcome" };

/** How product code reaches a Keycloak of ours, which may have to share the machine with a whole test run. */
export const configFor = ({ url, caFile, admin }: Keycloak, realm: RealmSettings = {}): KeycloakConfig => ({
  kind: "keycloak",
  url,
  caFile,
  timeoutMs: 90_000,
  admin,
  realm,
});

/** Makes realm `welcome` as an installation has it, with users who can log in at once. */
export async function ensureWelcomeRealm(
  config: KeycloakConfig,
  {
    users,
    portalUrl = "https://portal.example.com",
  }: { readonly users: readonly WelcomeUser[]; readonly portalUrl?: string },
): Promise<WelcomeRealm> {
  const provider = createKeycloak(config);
  const { issuer } = await provider.ensureOrganization(welcome);
  const portal = await provider.ensureClient({
    organization: welcome,
    client: {
      name: "welcome",
      type: "confidential",
      redirectUris: [`${portalUrl}/*`],
      postLogoutRedirectUris: [`${portalUrl}/logout*`],
    },
  });
  const kubectl = await provider.ensureClient({
    organization: welcome,
    client: {
      name: "welcome-kubectl",
      type: "public",
      redirectUris: ["http://localhost:8000", "http://localhost:18000"],
      postLogoutRedirectUris: [],
    },
  });
  const http = createHttp(config);
  const admin = createAdmin({ http, url: config.url, login: config.admin, now: Date.now });
  for (const user of users) await ensureUser(admin, welcome.name, user);
  return { issuer, portal, kubectl };
}

/** Makes a user whose e-mail counts as verified and who is asked for nothing more. */
export async function ensureUser(admin: Admin, realm: string, { email, password }: WelcomeUser): Promise<void> {
  const [firstName = email] = email.split("@");
  const credentials = [{ type: "password", value: password, temporary: false }];
  const body = {
    username: email,
    email,
    emailVerified: true,
    enabled: true,
    firstName,
    lastName: "Example",
    credentials,
  };
  const path = `/${realm}/users`;
  const doing = `making user ${email} in realm ${realm}`;
  const made = await admin({ method: "POST", path, body, accept: [201, 409], doing, secrets: [password] });
  if (made.status === 201) return;
  const query = new URLSearchParams({ email, exact: "true" });
  const found = await admin({ method: "GET", path: `${path}?${query}`, accept: [200], doing });
  const [user] = parse(z.array(z.looseObject({ id: z.string() })), found, doing);
  const reset = { method: "PUT", path: `${path}/${user?.id}/reset-password`, body: credentials[0] ?? {} } as const;
  await admin({ ...reset, accept: [204], doing, secrets: [password] });
}
