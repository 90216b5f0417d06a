import { expect, test } from "vitest";
import { fact } from "../../shared/event.ts";
import { hashedSubject } from "../../shared/membership.ts";
import { defaultSecurity } from "../../shared/settings.ts";
import { orgsCluster } from "../../test/fake-kcp.ts";
import { own } from "../../test/run-functions.ts";
import { acme, SecurityWorld, team } from "../../test/security-world.ts";

const all = defaultSecurity.parts;
const off = { store: false, identity: false, invitation: false, authentication: false };

async function secured(world: SecurityWorld): Promise<readonly string[]> {
  world.org();
  await world.secure(acme);
  expect(world.condition(acme)).toBe("True|Complete|");
  world.changes();
  await world.deliver({ ...own(fact.resyncDue, acme), kind: "Account" });
  expect(world.changes()).toEqual([]);
  return world.steps(acme).filter((step) => !step.endsWith(": Done"));
}
const skipped = (...names: readonly string[]) => names.map((name) => `${name}: Skipped switched off`);

test("each part is skipped when it is switched off, and nothing is asked for it", async () => {
  const withoutStore = new SecurityWorld({ parts: { ...all, store: false } });
  expect(await secured(withoutStore)).toEqual(skipped("creator", "store", "model", "tuples"));
  expect(withoutStore.fga.stores.size).toBe(0);
  const withoutIdentity = new SecurityWorld({ parts: { ...all, identity: false, invitation: false } });
  expect(await secured(withoutIdentity)).toEqual([
    ...skipped("realm", "clients"),
    "authentication: Skipped nobody issues tokens for this org",
    ...skipped("invitation"),
  ]);
  expect(withoutIdentity.identity.asked()).toEqual([]);
  const withoutInvitation = new SecurityWorld({ parts: { ...all, invitation: false } });
  expect(await secured(withoutInvitation)).toEqual(skipped("invitation"));
  expect(withoutInvitation.identity.invited.size).toBe(0);
  const withoutAuthentication = new SecurityWorld({ parts: { ...all, authentication: false } });
  expect(await secured(withoutAuthentication)).toEqual(skipped("authentication"));
  expect([...withoutAuthentication.kcp.objects.keys()].join()).not.toContain("AuthenticationConfiguration");
});

test("with everything off the workspace is let go all the same, of an org without a creator and of an account", async () => {
  const world = new SecurityWorld({ parts: off }, ["fga", "identity"]);
  world.org("acme", { creator: "" });
  await world.secure(acme);
  world.account();
  await world.secure(team);
  expect(world.condition(acme)).toBe("True|Complete|");
  expect(world.condition(team)).toBe("True|Complete|");
  expect(world.clusters.released).toEqual(["initializer acme-id", "initializer team-id"]);
});

test("without an identity provider an org has a store, and nobody issues tokens for it", async () => {
  const reason = "no identity provider is configured";
  expect(await secured(new SecurityWorld({}, ["identity"]))).toEqual([
    `realm: Skipped ${reason}`,
    `clients: Skipped ${reason}`,
    "authentication: Skipped nobody issues tokens for this org",
    `invitation: Skipped ${reason}`,
  ]);
});

test("a store without an OpenFGA is a mistake that is told", async () => {
  const world = new SecurityWorld({}, ["fga"]);
  world.org();
  await expect(world.invoke(world.held(acme))).rejects.toThrow("security-init needs OpenFGA: give --fga-url");
});

test("a provider that keeps no users of ours invites nobody", async () => {
  const world = new SecurityWorld();
  world.identity.answer = "unsupported";
  expect(await secured(world)).toEqual(["invitation: Skipped this identity provider keeps no users of ours"]);
});

test("issuer and clients that others keep stay when identity is switched off, and kcp takes their tokens", async () => {
  const world = new SecurityWorld({ parts: { ...all, identity: false, invitation: false } });
  const oidc = { issuerUrl: "https://other.example/", clients: { portal: { clientId: "b" }, cli: { clientId: "a" } } };
  world.org();
  world.kcp.change("AccountInfo", "acme-id", "account", { spec: { oidc } });
  await world.secure(acme);
  expect(world.kcp.get("AccountInfo", "acme-id", "account")?.spec.oidc).toEqual(oidc);
  const configuration = world.kcp.objects.get(`WorkspaceAuthenticationConfiguration ${orgsCluster} acme`);
  expect(configuration?.spec).toMatchObject({ jwt: [{ issuer: { url: oidc.issuerUrl, audiences: ["a", "b"] } }] });
});

test("S8 redirect URIs, audiences, claims and the issuer's CA are as they are set", async () => {
  const world = new SecurityWorld({
    ...{ additionalRedirectUris: ["https://x.example/cb"], kubectlRedirectUris: ["http://localhost:1"] },
    ...{ additionalAudiences: ["zz", "aa"], claims: { username: "sub", groups: "roles" }, issuerCa: "PEM" },
  });
  await secured(world);
  const clients = world.identity.organizations.get("acme")?.clients;
  expect(clients?.get("acme")?.spec.redirectUris).toEqual(["https://x.example/cb", "https://acme.portal.example/*"]);
  expect(clients?.get("kubectl")?.spec.redirectUris).toEqual(["http://localhost:1"]);
  const { uid } = world.accountOf(acme).metadata;
  expect(world.kcp.objects.get(`WorkspaceAuthenticationConfiguration ${orgsCluster} acme`)?.spec).toMatchObject({
    jwt: [
      {
        issuer: { audiences: ["aa", `acme-acme-${uid}`, `acme-kubectl-${uid}`, "zz"], certificateAuthority: "PEM" },
        claimMappings: { username: { claim: "sub" }, groups: { claim: "roles" } },
      },
    ],
  });
});

test("S8 what a WorkspaceType takes tokens by already stays beside ours", async () => {
  const world = new SecurityWorld();
  world.org();
  const others = [{ name: "company" }];
  world.kcp.change("WorkspaceType", orgsCluster, "acme-account", { spec: { authenticationConfigurations: others } });
  await world.secure(acme);
  const types = ["acme-org", "acme-account"].map((name) => world.kcp.get("WorkspaceType", orgsCluster, name)?.spec);
  expect(types.map((spec) => spec?.authenticationConfigurations)).toEqual([
    [{ name: "acme" }],
    [{ name: "company" }, { name: "acme" }],
  ]);
});

test("everybody who is logged in is a member where that is wanted", async () => {
  const world = new SecurityWorld({ allowMembers: true });
  await secured(world);
  expect(world.fga.tuplesOf("acme-store")).toEqual(
    expect.arrayContaining([
      "user:* assignee role:authenticated",
      `role:authenticated#assignee member core_platform-mesh_io_account:${orgsCluster}/acme`,
    ]),
  );
});

test("8B.9 audits name people by a digest where that is asked for", async () => {
  const world = new SecurityWorld({ hashSubjects: true });
  await secured(world);
  world.account();
  await world.secure(team);
  world.remove(team);
  await world.deliver(world.ending(team));
  const audits = world.facts.filter(({ type }) => type.includes(".access."));
  expect(audits.map(({ type }) => type)).toEqual([fact.accessGranted, fact.accessGranted, fact.accessRevoked]);
  const told = JSON.stringify(world.facts);
  expect(told).not.toContain("@x.io");
  expect(told).toContain(`user:${hashedSubject("alice@x.io")}`);
  expect(JSON.stringify(audits.at(-1))).toContain(`user:${hashedSubject("bob@x.io")}`);
});

test("while security is off nothing is looked at", async () => {
  const { default: securityInit } = await import("./index.ts");
  const deps = { settings: {} } as Parameters<typeof securityInit.handle>[1];
  const world = new SecurityWorld();
  expect(await securityInit.handle(own(fact.resyncDue, acme), deps, world.run.ctx(1))).toMatchObject({
    ...{ kind: "drop", reason: "security is off" },
  });
});
