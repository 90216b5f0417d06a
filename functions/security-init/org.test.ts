import { beforeEach, describe, expect, test } from "vitest";
import { fact } from "../../shared/event.ts";
import { orgsCluster } from "../../test/fake-kcp.ts";
import { own } from "../../test/run-functions.ts";
import { acme, marker, SecurityWorld } from "../../test/security-world.ts";

const T = "core_platform-mesh_io_account";
let world: SecurityWorld;
beforeEach(() => {
  world = new SecurityWorld();
});

/** Every part is looked at once more, by the timer: nothing is changed anywhere. */
async function isAtRest(key = acme): Promise<void> {
  world.changes();
  await world.deliver({ ...own(fact.resyncDue, key), kind: "Account" });
  expect(world.changes()).toEqual([]);
}

describe("an org", () => {
  beforeEach(async () => {
    world.org();
    await world.secure(acme);
  });

  test("S1 S4 has one store of its name, whose id AccountInfo and status tell, with the model's", async () => {
    expect([...world.fga.stores].map(([id, { name }]) => [id, name])).toEqual([["acme-store", "acme"]]);
    expect(world.kcp.get("AccountInfo", "acme-id", "account")?.spec.fga).toEqual({ store: { id: "acme-store" } });
    expect(world.accountOf(acme).status?.security).toMatchObject({
      ...{ storeId: "acme-store", modelId: "model-1", cluster: "acme-id", issuer: "https://idp.example/realms/acme" },
    });
    await isAtRest();
  });

  test("S3 has its two tuples and the mark of its Account, and no other", async () => {
    const { uid } = world.accountOf(acme).metadata;
    expect(world.fga.tuplesOf("acme-store")).toEqual([
      `role:${T}/${orgsCluster}/acme/owner#assignee owner ${T}:${orgsCluster}/acme`,
      `user:alice@x.io assignee role:${T}/${orgsCluster}/acme/owner`,
      `user:${uid} assignee role:account-functions/store`,
    ]);
    await isAtRest();
  });

  test("S5 has a realm of its own and two clients", () => {
    const realm = world.identity.organizations.get("acme");
    expect(realm?.uid).toBe(world.accountOf(acme).metadata.uid);
    expect([...(realm?.clients.values() ?? [])].map(({ spec }) => spec)).toEqual([
      {
        name: "acme",
        type: "confidential",
        redirectUris: ["https://acme.portal.example/*"],
        postLogoutRedirectUris: ["https://acme.portal.example/logout*"],
      },
      {
        name: "kubectl",
        type: "public",
        redirectUris: ["http://localhost:8000", "http://localhost:18000"],
        postLogoutRedirectUris: [],
      },
    ]);
  });

  test("S6 has a Secret for each client beside the Account, with the labels of the reference and our mark", () => {
    expect(world.kcp.objects.get(`Secret ${orgsCluster} portal-client-secret-acme-acme`)?.metadata).toMatchObject({
      namespace: "default",
      labels: {
        "core.platform-mesh.io/idp-name": "acme",
        "core.platform-mesh.io/client-name": "acme",
        "core.platform-mesh.io/managed-by": "account-functions",
      },
    });
    const clients = world.identity.organizations.get("acme")?.clients;
    const credentials = clients?.get("acme")?.credentials;
    expect(world.secret("portal-client-secret-acme-acme")).toEqual({
      client_id: credentials?.clientId,
      client_secret: credentials?.clientSecret,
      registration_access_token: credentials?.registrationAccessToken,
      registration_client_uri: credentials?.registrationClientUri,
    });
    expect(Object.keys(world.secret("portal-client-secret-acme-kubectl") ?? {})).toEqual([
      ...["client_id", "registration_access_token", "registration_client_uri"],
    ]);
  });

  test("S6 no secret is in a recording, a fact or the status, as it is or encoded", () => {
    const told = [...world.run.recordings, JSON.stringify(world.facts), JSON.stringify(world.accountOf(acme))].join();
    expect(told).toContain("portal-client-secret-acme-acme");
    for (const value of ["client-secret-value-", "registration-token-value-"]) {
      expect(told).not.toContain(value);
      for (const n of [1, 2]) expect(told).not.toContain(Buffer.from(`${value}${n}`).toString("base64"));
    }
  });

  test("S7 AccountInfo tells the issuer as the provider does, and each client's id", () => {
    const { uid } = world.accountOf(acme).metadata;
    expect(world.kcp.get("AccountInfo", "acme-id", "account")?.spec.oidc).toEqual({
      issuerUrl: "https://idp.example/realms/acme",
      clients: { acme: { clientId: `acme-acme-${uid}` }, kubectl: { clientId: `acme-kubectl-${uid}` } },
    });
  });

  test("S8 kcp takes its tokens: one configuration, and both WorkspaceTypes refer to it", () => {
    const { uid } = world.accountOf(acme).metadata;
    expect(world.kcp.objects.get(`WorkspaceAuthenticationConfiguration ${orgsCluster} acme`)?.spec).toEqual({
      jwt: [
        {
          issuer: {
            url: "https://idp.example/realms/acme",
            audiences: [`acme-acme-${uid}`, `acme-kubectl-${uid}`],
            audienceMatchPolicy: "MatchAny",
          },
          claimMappings: { username: { claim: "email", prefix: "" }, groups: { claim: "groups", prefix: "" } },
        },
      ],
    });
    for (const type of ["acme-org", "acme-account"]) {
      const { spec } = world.kcp.get("WorkspaceType", orgsCluster, type) ?? {};
      expect(spec?.authenticationConfigurations).toEqual([{ name: "acme" }]);
    }
  });

  test("S9 its creator is invited once, and goes on to its portal", async () => {
    expect([...world.identity.invited]).toEqual(["acme alice@x.io"]);
    world.identity.invited.clear();
    await isAtRest();
    expect([...world.identity.invited]).toEqual([]);
  });

  test("decisions 30: the status names each part, and its condition says that it is secured", () => {
    expect(world.steps(acme)).toEqual(
      "creator apis store model tuples realm clients accountInfo authentication invitation release"
        .split(" ")
        .map((name) => `${name}: Done`),
    );
    expect(world.condition(acme)).toBe("True|Complete|");
  });

  test("8B.9 each change is told once: store, issuer, clients, and who was granted what", () => {
    expect(world.told()).toEqual([
      "secured",
      "organization-changed store created",
      "granted creator of the account",
      "organization-changed issuer in use",
      "client-changed client created acme",
      "client-changed client created kubectl",
    ]);
  });
});

test("S10 the initializer goes last, and stays as long as any part is open", async () => {
  world.org();
  await world.deliver(world.held(acme));
  expect(world.changes().at(-1)).toBe("initializer acme-id");
  expect(world.kcp.get("LogicalCluster", "acme-id", "cluster")?.status).toMatchObject({
    initializers: ["system:apibindings"],
    terminators: [marker],
  });
});
