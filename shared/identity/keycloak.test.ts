import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type FakeKeycloak, fakeKeycloak, fakeSecret } from "../../test/fake-keycloak.ts";
import { sendJson } from "../../test/scripted-server.ts";
import { selfSigned } from "../self-signed.ts";
import type { ClientCredentials, ClientSpec, IdentityProvider, Organization } from "./identity.ts";
import { createIdentityProvider } from "./open.ts";

const tls = selfSigned("localhost");
let folder: string;
let fake: FakeKeycloak;
let idp: IdentityProvider;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "identity-"));
  await writeFile(file("ca.crt"), tls.cert);
  await writeFile(file("secret"), `${fakeSecret}\n`);
  fake = await fakeKeycloak(tls);
  idp = provider();
});
afterEach(async () => {
  await fake[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const file = (name: string) => join(folder, name);
const provider = () =>
  createIdentityProvider({
    kind: "keycloak",
    url: fake.url,
    caFile: file("ca.crt"),
    timeoutMs: 2000,
    admin: { clientId: "least", secretFile: file("secret") },
  });
const acme: Organization = { name: "acme", uid: "uid-1", displayName: "Acme" };
const portal: ClientSpec = {
  name: "acme",
  type: "confidential",
  redirectUris: ["https://acme.example.com/*"],
  postLogoutRedirectUris: ["https://acme.example.com/logout*"],
};
const kubectl: ClientSpec = {
  name: "kubectl",
  type: "public",
  redirectUris: ["http://localhost:8000"],
  postLogoutRedirectUris: [],
};
const invitation = { email: "alice@example.com", clientId: "acme", redirectUri: "https://acme.example.com/" };

type Saved = Map<string, ClientCredentials>;
/** All that is asked for an org, with what is known saved after each client, as the caller does. */
async function setUp(saved: Saved = new Map()) {
  await idp.ensureOrganization(acme);
  for (const client of [portal, kubectl]) {
    const known = saved.get(client.name);
    saved.set(client.name, await idp.ensureClient({ organization: acme, client, ...(known && { known }) }));
  }
  await idp.invite({ organization: acme, invitation });
  return saved;
}
const tearDown = async (saved: Saved) => {
  for (const [name, known] of saved) await idp.removeClient({ organization: acme, name, known });
  await idp.removeOrganization(acme);
};
const writes = () =>
  fake.seen.filter(({ method, url }) => method !== "GET" && url.pathname.startsWith("/admin/")).length;

function expectWhole() {
  const realm = fake.realms.get("acme");
  expect(realm).toMatchObject({ displayName: "Acme", attributes: { "account-functions.uid": "uid-1" } });
  expect(realm?.clients.map(({ name }) => name).sort()).toEqual(["acme", "kubectl"]);
  expect(realm?.users).toMatchObject([{ email: invitation.email }]);
}

test.each([200, 201] as const)("S18, 7.1.1: what is made may be answered with %i", async (status) => {
  fake.created = status;
  const saved = await setUp();
  expectWhole();
  expect(fake.mails).toEqual([invitation.email]);
  const before = writes();
  expect(await setUp(new Map(saved))).toEqual(saved);
  expect(writes()).toBe(before);
});

/** Runs `work` again and again, with the n-th request going wrong in the n-th round, until one meets no fault. */
async function atEachRequest(
  fault: FakeKeycloak["fault"],
  work: () => Promise<unknown>,
  check: () => void,
): Promise<number> {
  for (let n = 1; ; n++) {
    let count = 0;
    fake.fault = (seen, response, handle) => (++count === n ? fault?.(seen, response, handle) : handle());
    fake.realms.clear();
    idp = provider();
    const error = await work().catch((reason: unknown) => reason);
    fake.fault = undefined;
    if (count < n) return n - 1;
    // Reading may have been done twice at once.
    if (error instanceof Error) expect(error).toMatchObject({ name: "IdentityError", problem: "unavailable" });
    await work();
    check();
  }
}

test.each<[string, FakeKeycloak["fault"]]>([
  ["is refused with 503", (_seen, response) => sendJson(response, 503, { error: "busy" })],
  ["never arrives", (_seen, response) => response.socket?.destroy()],
  [
    "is carried out and its answer is lost",
    (_seen, response, handle) => {
      const { socket } = response;
      response.write = () => true;
      response.end = () => response;
      response.writeHead = () => response;
      handle();
      socket?.destroy();
    },
  ],
])("S15, S18: after any one request that %s, another run ends the work", async (_name, fault) => {
  let saved: Saved = new Map();
  const points = await atEachRequest(
    fault,
    () => setUp(saved),
    () => {
      expectWhole();
      saved = new Map();
    },
  );
  expect(points).toBeGreaterThan(15);
});

test("S22: after any one request that failed, another run removes everything", async () => {
  const work = async () => {
    if (!fake.realms.has("acme") && fake.fault) {
      const { fault } = fake;
      fake.fault = undefined;
      idp = provider();
      saved = await setUp();
      idp = provider();
      fake.fault = fault;
    }
    await tearDown(saved);
  };
  let saved: Saved = new Map();
  const points = await atEachRequest(
    (_seen, response) => sendJson(response, 500, {}),
    work,
    () => expect(fake.realms.size).toBe(0),
  );
  expect(points).toBeGreaterThan(6);
});

test("8B.14: credentials that were never saved are asked for again, and the client stays the same", async () => {
  const first = await setUp();
  const second = await setUp();
  expect(second.get("acme")).toMatchObject({ clientSecret: first.get("acme")?.clientSecret });
  expectWhole();
});

test("S18: a token that was revoked is renewed once; credentials that are not accepted name their file", async () => {
  await setUp();
  fake.revoke();
  await setUp();
  expect(fake.logins).toBe(2);
  await writeFile(file("secret"), "rotated-away");
  fake.revoke();
  await expect(idp.ensureOrganization(acme)).rejects.toMatchObject({
    problem: "unavailable",
    message: expect.stringContaining(file("secret")),
  });
  await writeFile(file("secret"), fakeSecret);
  await idp.ensureOrganization(acme);
});

test("requests at the same time share one login", async () => {
  await idp.ensureOrganization(acme);
  fake.revoke();
  const before = fake.logins;
  await Promise.all([1, 2, 3, 4].map(() => idp.ensureOrganization(acme)));
  expect(fake.logins).toBe(before + 1);
});

test("S18: an answer that takes too long is worth another try", async () => {
  fake.fault = () => undefined;
  await expect(idp.ensureOrganization(acme)).rejects.toMatchObject({
    problem: "unavailable",
    message: expect.stringContaining("no answer within 2 s"),
  });
});

test("no error says a secret, even when the server repeats everything it was sent", async () => {
  const saved = await setUp();
  const known = [...saved.values()].flatMap((one) => [one.clientSecret, one.registrationAccessToken]);
  const secrets = [
    fakeSecret,
    encodeURIComponent(fakeSecret),
    "token-",
    ...known.filter((secret) => secret !== undefined),
  ];
  for (const status of [400, 401, 403, 500]) {
    fake.fault = (seen, response) =>
      sendJson(response, status, { error: `${seen.headers.authorization} ${seen.body}`, errorMessage: seen.body });
    const portalKnown = saved.get("acme");
    for (const work of [
      () => idp.ensureOrganization(acme),
      () => provider().ensureOrganization(acme),
      () => idp.ensureClient({ organization: acme, client: portal, ...(portalKnown && { known: portalKnown }) }),
    ]) {
      const error: unknown = await work().catch((reason: unknown) => reason);
      expect(error).toMatchObject({ name: "IdentityError" });
      const said = `${error} ${JSON.stringify(error)} ${error instanceof Error ? error.stack : ""}`;
      for (const secret of secrets) expect(said).not.toContain(secret);
    }
  }
});

test("a caller who gives up gets the reason, not an error of the provider", async () => {
  fake.fault = () => undefined;
  const stop = new AbortController();
  const running = idp.ensureOrganization(acme, { signal: stop.signal });
  stop.abort(new Error("shutting down"));
  await expect(running).rejects.toThrow("shutting down");
});
