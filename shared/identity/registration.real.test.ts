import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type OidcServer, startOidcProvider } from "../../test/oidc-provider-server.ts";
import { createHttp } from "./http.ts";
import type { ClientSpec, Organization } from "./identity.ts";
import { createIdentityProvider } from "./open.ts";

let server: OidcServer;
beforeAll(async () => {
  server = await startOidcProvider();
});
afterAll(() => server?.stop());

const provider = () => createIdentityProvider({ ...server, kind: "registration", issuer: `${server.url}/{org}` });
const acme: Organization = { name: "acme", uid: "uid-of-acme", displayName: "Acme" };
const portal: ClientSpec = {
  name: "acme",
  type: "confidential",
  redirectUris: ["https://acme.example.com/callback"],
  postLogoutRedirectUris: ["https://acme.example.com/logout"],
};
const kubectl: ClientSpec = {
  name: "kubectl",
  type: "public",
  redirectUris: ["http://localhost:8000", "http://localhost:18000"],
  postLogoutRedirectUris: [],
};

async function registered(credentials: {
  readonly registrationClientUri?: string;
  readonly registrationAccessToken?: string;
}) {
  const headers = { authorization: `Bearer ${credentials.registrationAccessToken}` };
  const response = await createHttp(server)({ method: "GET", url: credentials.registrationClientUri ?? "", headers });
  return { status: response.status, metadata: JSON.parse(response.text) as Record<string, unknown> };
}

test("S7: the issuer is the one of the discovery document, with the organization's name in it", async () => {
  expect(await provider().ensureOrganization(acme)).toEqual({ issuer: `${server.url}/acme` });
});

test("S5, S6: both clients are registered in the wanted form", async () => {
  const made = await provider().ensureClient({ organization: acme, client: portal });
  expect(made).toEqual({
    clientId: expect.any(String),
    clientSecret: expect.any(String),
    registrationClientUri: expect.stringContaining(`${server.url}/acme/`),
    registrationAccessToken: expect.any(String),
  });
  expect((await registered(made)).metadata).toMatchObject({
    client_name: "acme",
    redirect_uris: portal.redirectUris,
    post_logout_redirect_uris: portal.postLogoutRedirectUris,
    token_endpoint_auth_method: "client_secret_basic",
  });
  const forKubectl = await provider().ensureClient({ organization: acme, client: kubectl });
  expect(forKubectl).not.toHaveProperty("clientSecret");
  expect((await registered(forKubectl)).metadata).toMatchObject({ token_endpoint_auth_method: "none" });
});

test("S14: a second run changes nothing; a changed client keeps its id and its secret", async () => {
  const known = await provider().ensureClient({ organization: acme, client: portal });
  const before = { ...server.counts };
  expect(await provider().ensureClient({ organization: acme, client: portal, known })).toEqual(known);
  expect(server.counts).toEqual(before);
  const client = { ...portal, redirectUris: ["https://elsewhere.example.com/callback"] };
  const changed = await provider().ensureClient({ organization: acme, client, known });
  expect(server.counts).toEqual({ ...before, changed: before.changed + 1 });
  expect(changed).toMatchObject({ clientId: known.clientId, clientSecret: known.clientSecret });
  expect((await registered(changed)).metadata).toMatchObject({ redirect_uris: client.redirectUris });
  expect(await provider().ensureClient({ organization: acme, client, known: changed })).toEqual(changed);
});

test("S18, 7.1.2: a token that no longer works leads to a new client, once; removing twice is no error", async () => {
  const known = await provider().ensureClient({ organization: acme, client: kubectl });
  const stale = { ...known, registrationAccessToken: "stale" };
  const before = server.counts.made;
  const renewed = await provider().ensureClient({ organization: acme, client: kubectl, known: stale });
  expect(renewed.clientId).not.toBe(known.clientId);
  expect(server.counts.made).toBe(before + 1);
  for (const _ of [1, 2]) await provider().removeClient({ organization: acme, name: "kubectl", known: renewed });
  expect((await registered(renewed)).status).toBe(401);
  await provider().removeClient({ organization: acme, name: "kubectl" });
  await provider().removeOrganization(acme);
});

test("users are not ours to invite there", async () => {
  const invitation = { email: "alice@example.com", clientId: "acme", redirectUri: "https://acme.example.com/" };
  expect(await provider().invite({ organization: acme, invitation })).toBe("unsupported");
  await provider().revokeInvitation({ organization: acme, email: invitation.email });
});

test("an initial access token that is not accepted is asked for by its file, and not said", async () => {
  const file = join(server.initialAccessTokenFile, "..", "wrong-token");
  await writeFile(file, "wrong-initial-access-token");
  const wrong = createIdentityProvider({
    ...server,
    kind: "registration",
    issuer: `${server.url}/{org}`,
    initialAccessTokenFile: file,
  });
  const error = await wrong.ensureClient({ organization: acme, client: kubectl }).catch((reason: unknown) => reason);
  expect(error).toMatchObject({
    name: "IdentityError",
    problem: "unavailable",
    message: expect.stringContaining(file),
  });
  expect(String(error)).not.toContain("wrong-initial-access-token");
});

test("an existing issuer gives its configured client ids, and has nothing made or removed", async () => {
  const before = { ...server.counts };
  const existing = createIdentityProvider({
    kind: "existing",
    issuer: `${server.url}/{org}`,
    caFile: server.caFile,
    clientIds: { "{org}": "portal-of-{org}", kubectl: "kubectl" },
  });
  expect(await existing.ensureOrganization(acme)).toEqual({ issuer: `${server.url}/acme` });
  expect(await existing.ensureClient({ organization: acme, client: portal })).toEqual({ clientId: "portal-of-acme" });
  expect(await existing.ensureClient({ organization: acme, client: kubectl })).toEqual({ clientId: "kubectl" });
  await expect(
    existing.ensureClient({ organization: acme, client: { ...kubectl, name: "cli" } }),
  ).rejects.toMatchObject({
    problem: "refused",
    message: expect.stringContaining('"cli"'),
  });
  const invitation = { email: "alice@example.com", clientId: "kubectl", redirectUri: "http://localhost:8000" };
  expect(await existing.invite({ organization: acme, invitation })).toBe("unsupported");
  await existing.removeClient({ organization: acme, name: "kubectl" });
  await existing.revokeInvitation({ organization: acme, email: invitation.email });
  await existing.removeOrganization(acme);
  expect(server.counts).toEqual(before);
});
