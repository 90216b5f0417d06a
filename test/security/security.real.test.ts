import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ownerMark } from "../../functions/security-init/store.ts";
import type { Tuple } from "../../shared/fga/fga.ts";
import { accountObject, accountTuples, fgaUser, formatTuple, orgTuples, roleObject } from "../../shared/fga/tuples.ts";
import { authenticationConfigurations, kinds, type Resource, secrets } from "../../shared/kcp/kinds.ts";
import { type Account, clusterOf, type KubeObject } from "../../shared/kcp/objects.ts";
import type { Client } from "../../shared/kcp/rest.ts";
import { logicalClusterName } from "../../shared/names.ts";
import { succeeding } from "../bare-kcp.ts";
import { historyOf } from "../e2e/history.ts";
import { orgs } from "../e2e/person.ts";
import { type SecuredMesh, startSecuredMesh } from "./mesh.ts";
import { scan } from "./secrets.ts";

const alice = "alice@example.com";
const bob = "bob@example.com";
const acme = `${orgs}:acme`;
const dev = `${acme}:dev`;
const configmaps: Resource = { group: "", version: "v1", plural: "configmaps" };
const forbidden = { code: 403 };
const unauthorized = { code: 401 };

let mesh: SecuredMesh;
/** With tokens of the realms that their names say. */
let aliceOfWelcome: Client;
let aliceOfAcme: Client;
let aliceToken = "";
let bobOfAcme: Client;

beforeAll(async () => {
  mesh = await startSecuredMesh();
  await mesh.product.start();
}, 300_000);
afterAll(async () => {
  for (const client of [aliceOfWelcome, aliceOfAcme, bobOfAcme]) client?.close();
  await mesh?.stop();
});

const account = (name: string, type: string, creator?: string) => ({
  apiVersion: "core.platform-mesh.io/v1alpha1",
  kind: "Account",
  metadata: { name },
  spec: { type, displayName: `The ${name}`, ...(creator && { creator }) },
});
const configmap = (name: string) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "default" },
});
const works = (client: Client, cluster: string, name: string) =>
  client.create<KubeObject>(configmaps, cluster, configmap(name));
const looks = (client: Client, cluster: string) => client.readAll(configmaps, { cluster, namespace: "default" });

async function clusterIdOf(path: string): Promise<string> {
  return clusterOf(await mesh.admin.see("LogicalCluster", path, logicalClusterName));
}
async function keyOf(parent: string, name: string) {
  return { cluster: await clusterIdOf(parent), name };
}
async function storeOf(org: string): Promise<string> {
  const [store, ...others] = await mesh.fga.findStores({ name: org });
  expect(others).toEqual([]);
  return store?.id ?? "";
}
const textOf = (tuples: readonly Tuple[]) => tuples.map(formatTuple).toSorted();
/** All tuples about these objects. */
async function tuplesAbout(store: string, ...objects: readonly string[]) {
  const found = await Promise.all(objects.map((object) => mesh.fga.read({ store, filter: { object } })));
  return textOf(found.flat());
}
const secret = (org: string, client: string) =>
  mesh.admin.client.read<KubeObject & { data: Record<string, string> }>(secrets, {
    cluster: orgs,
    namespace: "default",
    name: `portal-client-secret-${org}-${client}`,
  });
const authentication = (org: string) =>
  mesh.admin.client.read<KubeObject & { spec: unknown }>(authenticationConfigurations, { cluster: orgs, name: org });
const ready = (parent: string, name: string) => mesh.admin.ready(parent, name, 60_000);

describe("an org", () => {
  test("decisions 34: is created by alice, who has no right in kcp, with a token of realm welcome, and becomes Ready", async () => {
    await mesh.people.register(alice);
    await mesh.people.accept(alice, "welcome");
    aliceOfWelcome = await mesh.people.as(alice, "welcome");
    await succeeding(() => aliceOfWelcome.create(kinds.Account, orgs, account("acme", "org", alice)), 30_000);
    const { status } = await ready(orgs, "acme");
    expect(status?.security?.steps.map(({ name, state }) => [name, state])).toEqual([
      ["creator", "Done"],
      ["apis", "Done"],
      ["store", "Done"],
      ["model", "Done"],
      ["tuples", "Done"],
      ["realm", "Done"],
      ["clients", "Done"],
      ["accountInfo", "Done"],
      ["authentication", "Done"],
      ["invitation", "Done"],
      ["release", "Done"],
    ]);
  });

  test("S1 S3 S4 has one store of its name, with its two tuples, and its id in AccountInfo", async () => {
    const store = await storeOf("acme");
    const key = await keyOf(orgs, "acme");
    expect(await tuplesAbout(store, accountObject(key), roleObject(key, "owner"))).toEqual(
      textOf(orgTuples(key, alice)),
    );
    expect((await mesh.admin.see("AccountInfo", acme, "account")).spec.fga.store.id).toBe(store);
    expect((await mesh.admin.account(orgs, "acme")).status?.security).toMatchObject({
      storeId: store,
      modelId: (await mesh.fga.latestModel({ store }))?.id,
    });
  });

  test("S2 has a model of schema 1.2 with the core types and those of the APIs of its workspace", async () => {
    const latest = await mesh.fga.latestModel({ store: await storeOf("acme") });
    expect(latest?.model.schema_version).toBe("1.2");
    const types = latest?.model.type_definitions.map((each) => (each as { type: string }).type);
    expect(types).toEqual(
      expect.arrayContaining([
        "user",
        "role",
        "core_platform-mesh_io_account",
        "core_platform-mesh_io_accountinfo",
        "core_kcp_io_logicalcluster",
        "apis_kcp_io_apiexport",
        "core_namespace",
        "core_configmap",
      ]),
    );
  });

  test("S5 has a realm with two clients, once each", async () => {
    const realm = await mesh.people.keycloakSays<Record<string, unknown>>("/realms/acme");
    expect(realm).toMatchObject({
      enabled: true,
      loginWithEmailAllowed: true,
      registrationEmailAsUsername: true,
      registrationAllowed: false,
      accessTokenLifespan: 28_800,
      ssoSessionIdleTimeout: 28_800,
    });
    const clients = await mesh.people.keycloakSays<readonly { name?: string }[]>("/realms/acme/clients");
    const ours = clients.filter(({ name }) => name === "acme" || name === "kubectl");
    expect(ours.toSorted((a, b) => ((a.name ?? "") < (b.name ?? "") ? -1 : 1))).toMatchObject([
      { name: "acme", publicClient: false, redirectUris: ["https://acme.localhost/*"] },
      { name: "kubectl", publicClient: true },
    ]);
  });

  test("S6 S7 S8 has their credentials in Secrets, their ids in AccountInfo, and kcp accepts its tokens", async () => {
    const [portal, kubectl] = await Promise.all([secret("acme", "acme"), secret("acme", "kubectl")]);
    expect(Object.keys(portal?.data ?? {})).toEqual(
      expect.arrayContaining(["client_id", "client_secret", "registration_access_token"]),
    );
    expect(Object.keys(kubectl?.data ?? {})).not.toContain("client_secret");
    const idOf = (data: Record<string, string> | undefined) => Buffer.from(data?.client_id ?? "", "base64").toString();
    const clients = {
      acme: { clientId: idOf(portal?.data) },
      kubectl: { clientId: idOf(kubectl?.data) },
    };
    const { issuer } = await mesh.people.discover("acme");
    expect((await mesh.admin.see("AccountInfo", acme, "account")).spec.oidc).toEqual({ issuerUrl: issuer, clients });
    const audiences = [clients.acme.clientId, clients.kubectl.clientId].toSorted();
    expect((await authentication("acme"))?.spec).toMatchObject({
      jwt: [
        {
          issuer: { url: issuer, audiences, audienceMatchPolicy: "MatchAny" },
          claimMappings: { username: { claim: "email", prefix: "" }, groups: { claim: "groups", prefix: "" } },
        },
      ],
    });
    for (const type of ["acme-org", "acme-account"]) {
      const { spec } = await mesh.admin.see("WorkspaceType", orgs, type);
      expect(spec.authenticationConfigurations).toEqual([{ name: "acme" }]);
    }
  });

  test("S9 has invited its creator once", async () => {
    const users = await mesh.people.keycloakSays<readonly { email: string }[]>("/realms/acme/users");
    expect(users.map(({ email }) => email)).toEqual([alice]);
    expect(mesh.mailbox.mails().filter(({ to }) => to.includes(alice))).toHaveLength(2);
  });

  test("S20 alice follows her invitation and works in it; bob does not", async () => {
    await mesh.people.accept(alice, "acme");
    aliceToken = await mesh.people.tokenOf(alice, "acme");
    aliceOfAcme = mesh.bare.as(aliceToken);
    await succeeding(() => works(aliceOfAcme, acme, "hers"), 30_000);
    await expect(works(mesh.bare.as(mesh.bare.kcp.tokens.bob), acme, "his")).rejects.toMatchObject(forbidden);
  });

  test("decisions 32 33: what would outlive a revocation is not hers to write", async () => {
    const target = { cluster: acme, name: "account" };
    await expect(aliceOfAcme.mergePatch(kinds.AccountInfo, target, { spec: {} })).rejects.toMatchObject(forbidden);
    const binding = {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: "hers" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
      subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: alice }],
    };
    const bindings = { group: "rbac.authorization.k8s.io", version: "v1", plural: "clusterrolebindings" };
    await expect(aliceOfAcme.create(bindings, acme, binding)).rejects.toMatchObject(forbidden);
  });
});

describe("an account", () => {
  test("S11 S12 has its three tuples at every depth, and what the org has", async () => {
    const names = ["dev", "two", "three", "four", "five"];
    const store = await storeOf("acme");
    const { fga, oidc } = (await mesh.admin.see("AccountInfo", acme, "account")).spec;
    let parent = await keyOf(orgs, "acme");
    let path = acme;
    for (const name of names) {
      await succeeding(() => aliceOfAcme.create<Account>(kinds.Account, path, account(name, "account", alice)));
      await ready(path, name);
      const key = await keyOf(path, name);
      expect(await tuplesAbout(store, accountObject(key), roleObject(key, "owner"))).toEqual(
        textOf(accountTuples(key, parent, alice)),
      );
      path = `${path}:${name}`;
      expect((await mesh.admin.see("AccountInfo", path, "account")).spec).toMatchObject({ fga, oidc });
      parent = key;
    }
    await works(aliceOfAcme, path, "deep");
    expect(await mesh.fga.findStores({ name: "dev" })).toEqual([]);
  }, 180_000);

  test("decisions 34: has bob as a member, who works there and nowhere above", async () => {
    await mesh.people.pm(aliceToken, "member", "add", bob, "--role=member", `-w=${dev}`, "--wait");
    await mesh.people.accept(bob, "acme");
    bobOfAcme = await mesh.people.as(bob, "acme");
    await succeeding(() => looks(bobOfAcme, dev), 30_000);
    await expect(looks(bobOfAcme, acme)).rejects.toMatchObject(forbidden);
    // Members of an account are nothing in those below it.
    await expect(looks(bobOfAcme, `${dev}:two`)).rejects.toMatchObject(forbidden);
  });

  test("decisions 32: is closed to bob within 5 s once he is removed", async () => {
    await mesh.people.pm(aliceToken, "member", "remove", bob, `-w=${dev}`);
    const removed = performance.now();
    await succeeding(() => expect(looks(bobOfAcme, dev)).rejects.toMatchObject(forbidden), 15_000);
    console.log(`bob is out ${Math.round(performance.now() - removed)} ms after he was removed`);
  });

  test("8B.1: an owner who was removed on purpose stays removed, whatever happens to the account", async () => {
    const store = await storeOf("acme");
    const key = await keyOf(dev, "two");
    const seed = { user: fgaUser(alice), relation: "assignee", object: roleObject(key, "owner") };
    await mesh.fga.write({ store, writes: [], deletes: [seed] });
    await mesh.product.stop();
    await mesh.product.start();
    await mesh.admin.edit("Account", dev, "two", {
      metadata: { labels: { "platform-mesh.io/refresh-reconcile": "1" } },
    });
    await mesh.admin.edit("AccountInfo", `${dev}:two`, "account", { spec: { fga: { store: { id: "other" } } } });
    await mesh.admin.until(20_000, async () => {
      expect((await mesh.admin.see("AccountInfo", `${dev}:two`, "account")).spec.fga.store.id).toBe(store);
    });
    expect(await tuplesAbout(store, roleObject(key, "owner"))).toEqual([]);
    await mesh.fga.write({ store, writes: [seed], deletes: [] });
  });

  test("S21 takes its tuples along, and those of nobody else", async () => {
    const store = await storeOf("acme");
    await succeeding(() => aliceOfAcme.create(kinds.Account, acme, account("brief", "account", alice)));
    await ready(acme, "brief");
    const before = textOf(await mesh.fga.read({ store, filter: {} }));
    const key = await keyOf(acme, "brief");
    const own = textOf(accountTuples(key, await keyOf(orgs, "acme"), alice));
    await aliceOfAcme.delete(kinds.Account, { cluster: acme, name: "brief" });
    await mesh.admin.gone("Account", acme, "brief", 120_000);
    const after = textOf(await mesh.fga.read({ store, filter: {} }));
    expect(after).toEqual(before.filter((tuple) => !own.includes(tuple)));
  }, 180_000);
});

describe("another org", () => {
  test("S18 waits while the identity provider is away, says so, and goes on when it is back", async () => {
    await mesh.keycloak.kill();
    await mesh.admin.apply(orgs, "beta", { creator: alice });
    await mesh.admin.until(60_000, async () => {
      const { status } = await mesh.admin.account(orgs, "beta");
      expect(status?.security?.steps.at(-1)).toMatchObject({ name: "realm", state: "Retrying" });
      expect(status?.phase).toBe("Provisioning");
    });
    // S10: nothing lets go of it meanwhile.
    expect((await mesh.admin.see("Workspace", orgs, "beta")).status?.phase).toBe("Initializing");
    await mesh.keycloak.restart();
    await mesh.admin.ready(orgs, "beta", 120_000);
  }, 240_000);

  test("000-F34: its tokens are none in acme", async () => {
    await mesh.people.accept(alice, "beta");
    const aliceOfBeta = await mesh.people.as(alice, "beta");
    await succeeding(() => looks(aliceOfBeta, `${orgs}:beta`), 30_000);
    await expect(looks(aliceOfBeta, acme)).rejects.toMatchObject(unauthorized);
    aliceOfBeta.close();
  });

  test("S15 becomes Ready though the process is killed again and again", async () => {
    await mesh.admin.apply(orgs, "gamma", { creator: alice });
    for (let kills = 0; kills < 4; kills++) {
      await new Promise((resolve) => setTimeout(resolve, 400));
      await mesh.product.kill();
      await mesh.product.start();
    }
    await mesh.admin.ready(orgs, "gamma", 60_000);
    const key = await keyOf(orgs, "gamma");
    expect(await tuplesAbout(await storeOf("gamma"), accountObject(key), roleObject(key, "owner"))).toEqual(
      textOf(orgTuples(key, alice)),
    );
  }, 180_000);

  test("S17 is Ready though its creator has no e-mail address", async () => {
    await mesh.admin.apply(orgs, "robots", { creator: "ci-robot" });
    const { status } = await ready(orgs, "robots");
    expect(status?.security?.steps.find(({ name }) => name === "invitation")).toMatchObject({
      state: "Skipped",
      message: expect.stringContaining("ci-robot"),
    });
  });

  test("S16 without a creator stays closed, says so, and is Ready once it has one", async () => {
    await mesh.admin.apply(orgs, "nobodys");
    await mesh.admin.until(30_000, async () => {
      const { status } = await mesh.admin.account(orgs, "nobodys");
      expect(status?.conditions).toContainEqual(
        expect.objectContaining({ type: "SecuritySubroutine", status: "False", reason: "Error" }),
      );
    });
    expect(await mesh.fga.findStores({ name: "nobodys" })).toEqual([]);
    await mesh.admin.edit("Account", orgs, "nobodys", { spec: { creator: alice } });
    await ready(orgs, "nobodys");
  });
});

describe("the end of an org", () => {
  test("S22 takes store, realm, Secrets and configuration along", async () => {
    const store = await storeOf("acme");
    await mesh.admin.delete("Account", orgs, "acme");
    await mesh.admin.gone("Account", orgs, "acme", 240_000);
    expect(await mesh.fga.getStore({ id: store })).toBeUndefined();
    expect(await mesh.people.keycloakSays("/realms/acme")).toBeUndefined();
    expect(await authentication("acme")).toBeUndefined();
    for (const client of ["acme", "kubectl"]) expect(await secret("acme", client)).toBeUndefined();
  }, 300_000);

  test("S23 an org of the same name has a new store, no old tuple and a realm that works, at once", async () => {
    await mesh.admin.apply(orgs, "acme", { creator: alice });
    await ready(orgs, "acme");
    const key = await keyOf(orgs, "acme");
    const { uid } = (await mesh.admin.account(orgs, "acme")).metadata;
    expect(textOf(await mesh.fga.read({ store: await storeOf("acme"), filter: {} }))).toEqual(
      textOf([...orgTuples(key, alice), ownerMark(uid)]),
    );
    await mesh.people.accept(alice, "acme");
    const again = await mesh.people.as(alice, "acme");
    await succeeding(() => works(again, acme, "again"), 30_000);
    again.close();
  });

  test("8B.9: every grant and revocation was told, each with its reason", async () => {
    const { events } = await historyOf(mesh);
    const told = (type: string) => events.filter((event) => event.type === type).map(({ data }) => data);
    expect(told("io.platform-mesh.access.granted")).toContainEqual(
      expect.objectContaining({ account: "dev", why: "creator of the account", before: false, after: true }),
    );
    expect(told("io.platform-mesh.access.granted")).toContainEqual(expect.objectContaining({ subject: bob }));
    expect(told("io.platform-mesh.access.revoked")).toContainEqual(expect.objectContaining({ subject: bob }));
    expect(told("io.platform-mesh.identity.organization-removed")).toContainEqual(
      expect.objectContaining({ organization: "acme", stores: [expect.any(String)] }),
    );
  });

  test("8B.14: no secret is in a log, event, recording or status", async () => {
    const { hits, looked } = await scan(mesh);
    console.log(`looked for ${looked.secrets} secrets in ${looked.places} places: ${hits.length} found`);
    expect(looked.secrets).toBeGreaterThan(10);
    expect(hits).toEqual([]);
  });
});

describe("security that is switched on later", () => {
  const bootstrap = async (...args: readonly string[]) => {
    const { code, err } = await mesh.bare.bootstrap("--admission=none", ...args);
    expect(code, err).toBe(0);
  };

  const invoke = (...args: readonly string[]) =>
    mesh.bare.pm("invoke", `--kubeconfig=${mesh.bare.operatorFile}`, ...args);
  let tries = 0;

  test("decisions 29: an org made before is secured though it is Ready, and leaves nothing behind when it goes", async () => {
    const name = `early-${++tries}`;
    await mesh.product.stop();
    await bootstrap("--security=off", "--release");
    await mesh.product.start();
    await mesh.admin.apply(orgs, name, { creator: "ci-robot" });
    const before = await ready(orgs, name);
    expect(before.status?.security).toBeUndefined();
    expect(before.status?.conditions).toContainEqual(
      expect.objectContaining({ type: "SecuritySubroutine", status: "True", reason: "Skipped" }),
    );
    await mesh.product.stop();
    await bootstrap("--security=on");
    const { out, err, code } = await invoke("security-init", `--account=${orgs}:${name}`, "--dry-run", ...mesh.flags);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toContain(`call    fga.createStore {"name":"${name}"}`);
    expect(out).toMatch(/call {4}fga\.write in .*\n(?: {4}\+ .*\n)* {4}\+ user:ci-robot assignee role:/);
    expect(out).toContain("ends here: what follows depends on what identity.ensureOrganization answers");
    expect(await storeOf(name)).toBe("");
    await mesh.product.start("--resync=3s");
    await mesh.admin.until(60_000, async () => {
      const { metadata, status } = await mesh.admin.account(orgs, name);
      expect(status?.security?.steps.at(-1)).toMatchObject({ name: "release", state: "Done" });
      expect(status?.phase).toBe("Ready");
      expect(metadata.finalizers).toContain("security.platform-mesh.io/account");
    });
    const store = await storeOf(name);
    expect(store).not.toBe("");
    await mesh.admin.delete("Account", orgs, name);
    await mesh.admin.gone("Account", orgs, name, 120_000);
    expect(await mesh.fga.getStore({ id: store })).toBeUndefined();
    expect(await mesh.people.keycloakSays(`/realms/${name}`)).toBeUndefined();
  }, 300_000);
});
