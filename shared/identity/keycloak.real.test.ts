import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startKeycloak, type TestKeycloak } from "../../test/servers.ts";
import { acceptInvitation, claimsOf, logIn, passwordGrant } from "../../tools/people/keycloak-login.ts";
import { configFor, ensureWelcomeRealm } from "../../tools/people/welcome-realm.ts";
import { type Mailbox, startMailbox } from "../../tools/smtp-double.ts";
import type { RealmSettings } from "./config.ts";
import { createHttp } from "./http.ts";
import type { ClientCredentials, ClientSpec, Organization } from "./identity.ts";
import { type Admin, createAdmin } from "./keycloak-admin.ts";
import { createIdentityProvider } from "./open.ts";

let keycloak: TestKeycloak;
let mailbox: Mailbox;
let admin: Admin;

beforeAll(async () => {
  [keycloak, mailbox] = await Promise.all([startKeycloak(), startMailbox()]);
  const http = createHttp(configFor(keycloak));
  admin = createAdmin({ http, url: keycloak.url, login: keycloak.admin, now: Date.now });
});
afterAll(async () => {
  await Promise.all([keycloak?.stop(), mailbox?.stop()]);
});

const provider = (realm: RealmSettings = {}) =>
  createIdentityProvider(
    configFor(keycloak, { smtp: { host: "127.0.0.1", port: mailbox.port, from: "accounts@example.com" }, ...realm }),
  );
const org = (name: string, uid = `uid-of-${name}`): Organization => ({ name, uid, displayName: `Org ${name}` });
const portal = (name: string): ClientSpec => ({
  name,
  type: "confidential",
  redirectUris: [`https://${name}.example.com/*`],
  postLogoutRedirectUris: [`https://${name}.example.com/logout*`],
});
const kubectl: ClientSpec = {
  name: "kubectl",
  type: "public",
  redirectUris: ["http://localhost:8000", "http://localhost:18000"],
  postLogoutRedirectUris: [],
};

async function read<T = Record<string, unknown>>(path: string): Promise<T> {
  const response = await admin({ method: "GET", path, accept: [200], doing: `reading ${path}` });
  return JSON.parse(response.text) as T;
}
const clientsOf = async (name: string) =>
  (await read<Record<string, unknown>[]>(`/${name}/clients`)).filter(({ clientId }) =>
    [name, "kubectl"].includes(String(clientId)),
  );
const usersOf = (name: string) => read<Record<string, unknown>[]>(`/${name}/users?briefRepresentation=false`);

/** All that security-init does for an org. */
async function setUp(name: string, known: { portal?: ClientCredentials; kubectl?: ClientCredentials } = {}) {
  const organization = org(name);
  const idp = provider();
  const { issuer } = await idp.ensureOrganization(organization);
  const made = {
    portal: await idp.ensureClient({
      organization,
      client: portal(name),
      ...(known.portal && { known: known.portal }),
    }),
    kubectl: await idp.ensureClient({ organization, client: kubectl, ...(known.kubectl && { known: known.kubectl }) }),
  };
  const invitation = {
    email: `owner@${name}.example.com`,
    clientId: made.portal.clientId,
    redirectUri: `https://${name}.example.com/`,
  };
  const invited = await idp.invite({ organization, invitation });
  return { organization, idp, issuer, invited, ...made };
}

test("S5, S6, S7: an org gets a realm with its settings, its two clients, and the issuer of the discovery document", async () => {
  const { issuer, portal, kubectl } = await setUp("acme");
  expect(issuer).toBe(`${keycloak.url}/realms/acme`);
  expect(await read("/acme")).toMatchObject({
    displayName: "Org acme",
    enabled: true,
    loginWithEmailAllowed: true,
    registrationEmailAsUsername: true,
    registrationAllowed: false,
    accessTokenLifespan: 28_800,
    ssoSessionIdleTimeout: 28_800,
    smtpServer: { host: "127.0.0.1", from: "accounts@example.com" },
  });
  const clients = await clientsOf("acme");
  const kinds = clients.map(
    ({ name, publicClient, directAccessGrantsEnabled: direct }) => `${name} ${publicClient} ${direct}`,
  );
  expect(new Set(kinds)).toEqual(new Set(["acme false false", "kubectl true false"]));
  expect(clients.find(({ name }) => name === "acme")).toMatchObject({
    redirectUris: ["https://acme.example.com/*"],
    attributes: { "post.logout.redirect.uris": "https://acme.example.com/logout*" },
    secret: portal.clientSecret,
  });
  expect(portal).toEqual({
    clientId: "acme",
    clientSecret: expect.stringMatching(/^.{20,}$/),
    registrationClientUri: `${issuer}/clients-registrations/openid-connect/acme`,
    registrationAccessToken: expect.stringMatching(/^ey/),
  });
  expect(Object.keys(kubectl).sort()).toEqual(["clientId", "registrationAccessToken", "registrationClientUri"]);
});

test("S9: the creator is there once and gets one mail, by which she logs in", async () => {
  const { issuer, idp, organization, kubectl } = await setUp("lively");
  const email = "owner@lively.example.com";
  const invitation = { email, clientId: "lively", redirectUri: "https://lively.example.com/" };
  for (const _ of [1, 2]) expect(await idp.invite({ organization, invitation })).toBe("invited");
  expect((await usersOf("lively")).map((user) => user.email)).toEqual([email]);
  const mail = await mailbox.waitFor(email);
  expect(mailbox.mails().filter(({ to }) => to.includes(email))).toHaveLength(1);

  const person = { email, password: "correct horse battery" };
  const [link = ""] = mail.links;
  await acceptInvitation(link, person, { caFile: keycloak.caFile, redirectUri: "https://lively.example.com/" });
  const reach = { caFile: keycloak.caFile, redirectUri: "http://localhost:8000", clientId: kubectl.clientId };
  const { idToken, accessToken } = await logIn(issuer, person, reach);
  expect(claimsOf(idToken)).toMatchObject({ iss: issuer, aud: "kubectl", email, email_verified: true });
  expect(claimsOf(accessToken)).toMatchObject({
    iss: issuer,
    aud: ["kubectl", "account"],
    email,
    email_verified: true,
  });

  // She accepted: nothing is asked again, and there is nothing to take back.
  expect(await idp.invite({ organization, invitation })).toBe("invited");
  await idp.revokeInvitation({ organization, email });
  expect(await usersOf("lively")).toHaveLength(1);
  expect(mailbox.mails().filter(({ to }) => to.includes(email))).toHaveLength(1);
});

test("S9: somebody whose address ends alike does not count as the invited person", async () => {
  const { idp, organization } = await setUp("exact");
  const invitation = (email: string) => ({ email, clientId: "exact", redirectUri: "https://exact.example.com/" });
  await idp.invite({ organization, invitation: invitation("aalice@x.example.com") });
  expect(await idp.invite({ organization, invitation: invitation("Alice@X.example.com") })).toBe("invited");
  expect((await mailbox.waitFor("alice@x.example.com")).to).toEqual(["alice@x.example.com"]);
  expect((await usersOf("exact")).map(({ email }) => String(email)).sort()).toEqual([
    "aalice@x.example.com",
    "alice@x.example.com",
    "owner@exact.example.com",
  ]);
});

test("8B.12: an open invitation can be taken back, and given again", async () => {
  const { idp, organization } = await setUp("takeback");
  const email = "owner@takeback.example.com";
  for (const _ of [1, 2]) await idp.revokeInvitation({ organization, email });
  expect(await usersOf("takeback")).toEqual([]);
  const invitation = { email, clientId: "takeback", redirectUri: "https://takeback.example.com/" };
  expect(await idp.invite({ organization, invitation })).toBe("invited");
  await mailbox.waitFor(email, { after: 1 });
});

test("a user who registered without us exists, gets no mail and is never removed", async () => {
  const { idp, organization } = await setUp("selfmade");
  const email = "self@selfmade.example.com";
  await admin({
    method: "POST",
    path: "/selfmade/users",
    body: { email, enabled: true },
    accept: [201],
    doing: "making a user",
  });
  const invitation = { email, clientId: "selfmade", redirectUri: "https://selfmade.example.com/" };
  expect(await idp.invite({ organization, invitation })).toBe("exists");
  await idp.revokeInvitation({ organization, email });
  expect(await usersOf("selfmade")).toHaveLength(2);
  expect(mailbox.mails().some(({ to }) => to.includes(email))).toBe(false);
});

test("7.1.4: a mail that could not be sent is sent on the next try", async () => {
  const organization = org("postal");
  const idp = provider();
  await idp.ensureOrganization(organization);
  await idp.ensureClient({ organization, client: portal("postal") });
  const email = "owner@postal.example.com";
  const invite = () =>
    idp.invite({ organization, invitation: { email, clientId: "postal", redirectUri: "https://postal.example.com/" } });
  mailbox.refuse(true);
  await expect(invite()).rejects.toMatchObject({ name: "IdentityError", problem: "unavailable" });
  mailbox.refuse(false);
  expect(await invite()).toBe("invited");
  expect(await invite()).toBe("invited");
  await mailbox.waitFor(email);
  expect(mailbox.mails().filter(({ to }) => to.includes(email))).toHaveLength(1);
});

test("S14: a second run changes nothing, not even a registration token", async () => {
  const first = await setUp("again");
  const before = [await read("/again"), await clientsOf("again"), await usersOf("again")];
  const second = await setUp("again", first);
  expect([second.issuer, second.portal, second.kubectl]).toEqual([first.issuer, first.portal, first.kubectl]);
  expect([await read("/again"), await clientsOf("again"), await usersOf("again")]).toEqual(before);
});

test("S14: several runs at once make one realm, one client of each name and one user", async () => {
  const runs = await Promise.allSettled(Array.from({ length: 5 }, () => setUp("crowd")));
  const failed = runs.flatMap((run) => (run.status === "rejected" ? [run.reason] : []));
  // What one of them ran into is worth another try.
  for (const error of failed) expect(error).toMatchObject({ problem: "unavailable" });
  const { issuer } = await setUp("crowd");
  expect(issuer).toBe(`${keycloak.url}/realms/crowd`);
  expect(await clientsOf("crowd")).toHaveLength(2);
  expect(await usersOf("crowd")).toHaveLength(1);
});

test("S18: a registration token that stopped working is replaced, once", async () => {
  const { idp, organization, portal: made } = await setUp("stale");
  const known = { ...made, registrationAccessToken: "stale" };
  const renewed = await idp.ensureClient({ organization, client: portal("stale"), known });
  expect(renewed).toEqual({ ...made, registrationAccessToken: expect.not.stringMatching(/^stale$/) });
  expect(await idp.ensureClient({ organization, client: portal("stale"), known: renewed })).toEqual(renewed);
});

test("changes by hand to realm and clients are taken back, additions stay", async () => {
  const { portal: made } = await setUp("drift");
  const put = (path: string, body: object) => admin({ method: "PUT", path, body, accept: [204], doing: "changing" });
  await put("/drift", {
    registrationAllowed: true,
    attributes: { "account-functions.uid": "uid-of-drift", theirs: "kept" },
  });
  const [client] = (await clientsOf("drift")).filter(({ name }) => name === "drift");
  const theirs = { name: "theirs", protocol: "openid-connect", protocolMapper: "oidc-sub-mapper", config: {} };
  const body = {
    ...client,
    redirectUris: ["https://evil.example.com/*"],
    publicClient: true,
    protocolMappers: [theirs],
  };
  await put(`/drift/clients/${client?.id}`, body);
  await setUp("drift", { portal: made });
  expect(await read("/drift")).toMatchObject({ registrationAllowed: false, attributes: { theirs: "kept" } });
  const [after] = (await clientsOf("drift")).filter(({ name }) => name === "drift");
  expect(after).toMatchObject({ redirectUris: ["https://drift.example.com/*"], publicClient: false });
  expect(after?.protocolMappers).toHaveLength(2);
  expect(after?.protocolMappers).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ name: "theirs" }),
      expect.objectContaining({ name: "account-functions audience", protocolMapper: "oidc-audience-mapper" }),
    ]),
  );
});

test("decisions 27: a realm that is not ours is neither changed nor removed, and the error says so", async () => {
  await admin({
    method: "POST",
    path: "",
    body: { realm: "theirs", enabled: true },
    accept: [201],
    doing: "making a realm",
  });
  const before = await read("/theirs");
  const idp = provider();
  for (const name of ["theirs", "master"]) {
    const organization = org(name);
    const refused = { problem: "foreign", message: expect.stringContaining("exists and is not ours") };
    await expect(idp.ensureOrganization(organization)).rejects.toMatchObject(refused);
    await expect(idp.ensureClient({ organization, client: kubectl })).rejects.toMatchObject(refused);
    await idp.removeClient({ organization, name: "account" });
    await idp.removeOrganization(organization);
  }
  expect(await read("/theirs")).toEqual(before);
  expect(await read("/master")).toMatchObject({ realm: "master" });
});

test("decisions 27: an org of the same name with another Account does not get the realm of the first", async () => {
  await setUp("twice");
  const second = org("twice", "another-uid");
  await expect(provider().ensureOrganization(second)).rejects.toMatchObject({ problem: "foreign" });
  await provider().removeOrganization(second);
  expect(await clientsOf("twice")).toHaveLength(2);
});

test("S22, S23: a removed org is gone with everything, twice is no error, and its name works again at once", async () => {
  const { idp, organization, portal: old } = await setUp("phoenix");
  await idp.removeClient({ organization, name: "kubectl" });
  await idp.removeClient({ organization, name: "kubectl" });
  expect(await clientsOf("phoenix")).toHaveLength(1);
  for (const _ of [1, 2]) await idp.removeOrganization(organization);
  await idp.removeClient({ organization, name: "phoenix" });
  await idp.revokeInvitation({ organization, email: "owner@phoenix.example.com" });
  const gone = await admin({ method: "GET", path: "/phoenix", accept: [200, 404], doing: "reading" });
  expect(gone.status).toBe(404);

  const next = org("phoenix", "a-new-uid");
  await idp.ensureOrganization(next);
  const made = await idp.ensureClient({ organization: next, client: portal("phoenix"), known: old });
  expect(made.clientSecret).not.toBe(old.clientSecret);
  expect(made.registrationAccessToken).not.toBe(old.registrationAccessToken);
  expect(await usersOf("phoenix")).toEqual([]);
});

test("8B.15: a service account that may only make realms is enough, and cannot even see those of others", async () => {
  await setUp("notits");
  const secret = "a secret of the least account";
  const body = { clientId: "least", secret, serviceAccountsEnabled: true, standardFlowEnabled: false };
  await admin({ method: "POST", path: "/master/clients", body, accept: [201], doing: "making a client" });
  const [client] = await read<{ id: string }[]>("/master/clients?clientId=least");
  const user = await read<{ id: string }>(`/master/clients/${client?.id}/service-account-user`);
  const role = await read("/master/roles/create-realm");
  const path = `/master/users/${user.id}/role-mappings/realm`;
  await admin({ method: "POST", path, body: [role], accept: [204], doing: "giving a role" });
  const secretFile = join(dirname(keycloak.caFile), "least.secret");
  await writeFile(secretFile, secret);
  const idp = createIdentityProvider({ ...configFor(keycloak), admin: { clientId: "least", secretFile } });
  const organization = org("modest");
  await idp.ensureOrganization(organization);
  await idp.ensureClient({ organization, client: portal("modest") });
  await expect(idp.ensureOrganization(org("notits"))).rejects.toMatchObject({ problem: "foreign" });
  await idp.removeOrganization(organization);
});

test("an org named like one of Keycloak's own clients gets its client all the same", async () => {
  const { portal } = await setUp("account");
  expect(portal.clientId).toBe("account-portal");
});

test("the password for the mail server is kept, and a new one is taken over", async () => {
  const passwordFile = join(dirname(keycloak.caFile), "smtp.password");
  const login = { username: "accounts", passwordFile };
  const smtp = {
    host: "127.0.0.1",
    port: mailbox.port,
    from: "accounts@example.com",
    encryption: "starttls",
    login,
  } as const;
  const signs = [];
  for (const password of ["one", "one", "two"]) {
    await writeFile(passwordFile, password);
    await provider({ smtp }).ensureOrganization(org("secretive"));
    const { attributes } = await read<{ attributes: Record<string, string> }>("/secretive");
    signs.push(attributes["account-functions.smtp"]);
  }
  expect(signs[1]).toBe(signs[0]);
  expect(signs[2]).not.toBe(signs[0]);
});

test("realm welcome: alice trades her password for tokens, which name her groups where that is configured", async () => {
  const alice = { email: "alice@example.com", password: "alice's own" };
  const claims = async (realm: RealmSettings) => {
    const { issuer, kubectl } = await ensureWelcomeRealm(configFor(keycloak, realm), { users: [alice] });
    const { idToken } = await passwordGrant(issuer, alice, { caFile: keycloak.caFile, clientId: kubectl.clientId });
    return claimsOf(idToken);
  };
  const wanted = { aud: "welcome-kubectl", email: alice.email, email_verified: true };
  expect(await claims({ directAccessGrants: true })).toMatchObject(wanted);
  const add = {
    method: "POST",
    path: "/welcome/groups",
    body: { name: "team" },
    accept: [201],
    doing: "adding",
  } as const;
  await admin(add);
  const [group] = await read<{ id: string }[]>("/welcome/groups");
  const [user] = await read<{ id: string }[]>("/welcome/users");
  const path = `/welcome/users/${user?.id}/groups/${group?.id}`;
  await admin({ method: "PUT", path, accept: [204], doing: "joining" });
  expect(await claims({ directAccessGrants: true })).not.toHaveProperty("groups");
  expect(await claims({ directAccessGrants: true, groupsClaim: true })).toMatchObject({ ...wanted, groups: ["team"] });
  // Taken out again where it is no longer configured.
  expect(await claims({ directAccessGrants: true })).not.toHaveProperty("groups");
});
