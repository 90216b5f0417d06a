import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startOpenFga, type TestOpenFga } from "../../test/servers.ts";
import type { AccountKey } from "../account-key.ts";
import { sameModel } from "./canonical.ts";
import { createFga, type FgaClient } from "./client.ts";
import { orgsObject, orgsTuples } from "./core-module.ts";
import { ensureModel } from "./ensure-model.ts";
import type { Tuple } from "./fga.ts";
import { limitProblem } from "./model-limits.ts";
import { composeModel, composeOrgsModel } from "./modules.ts";
import { relationFor } from "./names.ts";
import { contextualTuples, namespaceObject, type Resource, resourceObject } from "./question.ts";
import type { ApiResource } from "./resource-module.ts";
import { revoke, roleTuplesOf } from "./revocation.ts";
import {
  accountObject,
  accountTuples,
  assignment,
  fgaUser,
  formatTuple,
  orgTuples,
  roleObject,
  roleTuples,
} from "./tuples.ts";

const verbs = ["create", "delete", "get", "list", "patch", "update", "watch"];
const resource = (group: string, plural: string, namespaced = true): ApiResource => ({
  group,
  version: "v1",
  plural,
  singular: plural.replace(/s$/, ""),
  kind: plural,
  namespaced,
  verbs,
});
const resources = [
  resource("", "configmaps"),
  resource("", "secrets"),
  resource("example.com", "widgets", false),
  resource("identity.a-rather-long-domain.example.com", "identityproviderconfigurations"),
  resource("rbac.authorization.k8s.io", "clusterrolebindings", false),
];
const acme = { cluster: "orgs-id", name: "acme" };
/** Accounts below acme, one in the other. */
const chain = Array.from({ length: 5 }, (_, depth) => ({ cluster: `c${depth}`, name: `level-${depth + 1}` }));
const [team = acme, dev = acme] = chain;
const parentOf = (depth: number): AccountKey => (depth === 1 ? acme : (chain[depth - 2] ?? acme));
const [alice, bob, carol, mallory] = ["alice", "bob", "carol", "mallory"].map((name) => `${name}@x.io`) as [
  string,
  string,
  string,
  string,
];
const text = (tuples: readonly Tuple[]) => tuples.map(formatTuple).toSorted();

describe.each(["memory", "sqlite"] as const)("OpenFGA with engine %s", (engine) => {
  let server: TestOpenFga;
  let fga: FgaClient;
  let store: string;

  beforeAll(async () => {
    server = await startOpenFga({ engine });
    fga = createFga({ ...server, timeoutMs: 20_000 });
  });
  afterAll(async () => {
    fga.close();
    await server.stop();
  });
  beforeEach(async () => {
    store = (await fga.createStore({ name: "acme" })).id;
    await ensureModel(fga, { store, resources });
  });

  const write = (writes: readonly Tuple[]) => fga.write({ store, writes, deletes: [] });
  const is = (user: string, relation: string, object: string, contextual: readonly Tuple[] = []) =>
    fga.check({ store, tuple: { user: fgaUser(user), relation, object }, contextual });
  const tuplesOf = (account: AccountKey) => fga.read({ store, filter: { object: accountObject(account) } });

  /** acme is alice's, level-1 bob's, the others carol's; dave is a member of acme. */
  async function writeOrg(): Promise<void> {
    await write([
      ...orgTuples(acme, alice),
      ...chain.flatMap((account, index) => accountTuples(account, parentOf(index + 1), index === 0 ? bob : carol)),
      ...roleTuples(acme, "member", fgaUser("dave@x.io")),
    ]);
  }

  test("S1: a store is found by its exact name among more than two pages of others", async () => {
    const name = `many-${engine}`;
    const others = Array.from({ length: 210 }, (_, index) => `${name}-${index}`);
    for (const other of others) await fga.createStore({ name: other });
    const [first, second] = [await fga.createStore({ name }), await fga.createStore({ name })];
    expect(await fga.findStores({ name })).toEqual([first, second]);
    expect(await fga.findStores({ name: `${name}-209` })).toHaveLength(1);
    expect(await fga.findStores({ name: `${name}-nobody` })).toEqual([]);
  });

  test("S2: the store has the composed model, and a second run writes no other", async () => {
    const again = await ensureModel(fga, { store, resources: resources.toReversed() });
    const latest = await fga.latestModel({ store });
    const { model } = await composeModel({ resources });
    expect(again).toMatchObject({ written: false, id: latest?.id });
    expect(latest && sameModel(latest.model, model)).toBe(true);
    const types = model.type_definitions.map((definition) => Object.entries(definition)[0]?.[1]);
    expect(types).toEqual(
      expect.arrayContaining(["role", "user", "apis_kcp_io_apiexport", "core_namespace", "core_configmap"]),
    );
  });

  test("S2: an owner of the org owns every account below; a member is nobody there; a child's owner nobody above", async () => {
    await writeOrg();
    const asked: readonly [string, string, string, boolean][] = [
      [alice, "owner", accountObject(dev), true],
      [carol, "owner", accountObject(team), false],
      [bob, "owner", accountObject(acme), false],
      [bob, "get", accountObject(acme), false],
      ["dave@x.io", "get", accountObject(acme), true],
      ["dave@x.io", "update", accountObject(acme), true],
      ["dave@x.io", "delete", accountObject(acme), false],
      ["dave@x.io", relationFor("create", "core.platform-mesh.io", "accounts"), accountObject(acme), true],
      ["dave@x.io", relationFor("create", "core.platform-mesh.io", "memberships"), accountObject(acme), false],
      ["dave@x.io", relationFor("list", "core.platform-mesh.io", "memberships"), accountObject(acme), true],
      ["dave@x.io", relationFor("create", "example.com", "widgets"), accountObject(acme), false],
      ["dave@x.io", relationFor("list", "example.com", "widgets"), accountObject(acme), true],
      ["dave@x.io", "manage_iam_roles", accountObject(acme), false],
      ["dave@x.io", "member", accountObject(team), false],
      ["dave@x.io", "get", accountObject(team), false],
      [bob, relationFor("create", "core.platform-mesh.io", "memberships"), accountObject(team), true],
      [bob, relationFor("create", "example.com", "widgets"), accountObject(team), true],
      [mallory, "get", accountObject(acme), false],
    ];
    for (const [user, relation, object, expected] of asked)
      expect([user, relation, object, await is(user, relation, object)]).toEqual([user, relation, object, expected]);
  });

  test("S3: an org has exactly the two tuples of its creator, `:` written as `.`", async () => {
    await write(orgTuples(acme, "system:admin"));
    expect(text(await fga.read({ store, filter: {} }))).toEqual([
      "role:core_platform-mesh_io_account/orgs-id/acme/owner#assignee owner core_platform-mesh_io_account:orgs-id/acme",
      "user:system.admin assignee role:core_platform-mesh_io_account/orgs-id/acme/owner",
    ]);
    expect(await is("system:admin", "owner", accountObject(acme))).toBe(true);
  });

  test.each([1, 2, 5])("S11: an account at depth %i has its three tuples and the org's owner", async (depth) => {
    await writeOrg();
    const account = chain[depth - 1] ?? acme;
    const creator = depth === 1 ? bob : carol;
    const roles = await roleTuplesOf(fga, { store, account });
    expect(text([...(await tuplesOf(account)), ...roles])).toEqual(
      text(accountTuples(account, parentOf(depth), creator)),
    );
    expect(await is(alice, "owner", accountObject(account))).toBe(true);
    expect(await is(creator, "owner", accountObject(account))).toBe(true);
    expect(await is("dave@x.io", "member", accountObject(account))).toBe(false);
    expect(await is(mallory, "get", accountObject(account))).toBe(false);
  });

  test("decisions 39: every kind of user is taken, and is the one that is asked for", async () => {
    const users = ["50%", "a.b:c@x.io", "system.admin", "system:admin", "oidc:alice", "jürgen@x.io", "o'neil+x@x.io"];
    for (const user of users) {
      const account = { cluster: "users", name: `n${users.indexOf(user)}` };
      await write(orgTuples(account, user));
      const owners = [];
      for (const other of users) if (await is(other, "owner", accountObject(account))) owners.push(other);
      expect(owners).toEqual([user]);
    }
    const robot = "system:serviceaccount:default:robot";
    await write(orgTuples(team, robot));
    const asks = (cluster: string) =>
      fga.check({ store, tuple: { user: fgaUser(robot, cluster), relation: "owner", object: accountObject(team) } });
    expect([await asks(team.cluster), await asks("another")]).toEqual([true, false]);
  });

  test("S19: 250 tuples with repetitions are written, read over all pages, and deleted; none is written half", async () => {
    const grants = Array.from({ length: 250 }, (_, index) => assignment(acme, "member", `user:u${index}@x.io`));
    await write([...grants, ...grants]);
    await write(grants);
    const filter = { object: roleObject(acme, "member") };
    expect(text(await fga.read({ store, filter }))).toEqual(text(grants));
    await fga.write({ store, writes: grants.slice(0, 1), deletes: grants.slice(1) });
    await fga.write({ store, writes: [], deletes: grants.slice(1) });
    expect(await fga.read({ store, filter })).toEqual(grants.slice(0, 1));
    const wrong = { user: "user:x", relation: "nothing", object: accountObject(acme) };
    await expect(write([...grants.slice(1, 20), wrong])).rejects.toMatchObject({ problem: "refused" });
    expect(await fga.read({ store, filter })).toEqual(grants.slice(0, 1));
  });

  test("S20: the creator may create accounts, and create and get things in a namespace; a stranger may not", async () => {
    await writeOrg();
    const at = { cluster: "workspace-of-dev", namespace: "default" };
    const cm: Resource = { ...at, type: "core_configmap", name: "cm" };
    const inNamespace = contextualTuples({ account: dev, ...at });
    const asked: readonly [string, string, readonly Tuple[]][] = [
      [relationFor("create", "core.platform-mesh.io", "accounts"), accountObject(dev), []],
      ["get", accountObject(dev), []],
      [relationFor("create", "", "configmaps"), namespaceObject(at.cluster, at.namespace), inNamespace],
      ["get", resourceObject(cm), contextualTuples({ account: dev, ...cm })],
      [
        relationFor("list", resources[3]?.group ?? "", "identityproviderconfigurations"),
        namespaceObject(at.cluster, at.namespace),
        inNamespace,
      ],
    ];
    for (const [relation, object, contextual] of asked) {
      for (const user of [carol, bob, alice])
        expect([user, relation, await is(user, relation, object, contextual)]).toEqual([user, relation, true]);
      for (const user of [mallory, "dave@x.io"])
        expect([user, relation, await is(user, relation, object, contextual)]).toEqual([user, relation, false]);
    }
    expect(await fga.read({ store, filter: { object: resourceObject(cm) } })).toEqual([]);
  });

  test("S20: a role of one thing in a namespace is none of its namesake's in another", async () => {
    await writeOrg();
    const cm = (namespace: string): Resource => ({ cluster: "w", namespace, type: "core_configmap", name: "cm" });
    await write([{ user: "role:x#assignee", relation: "member", object: resourceObject(cm("a")) }]);
    await write([{ user: fgaUser(mallory), relation: "assignee", object: "role:x" }]);
    const mayGet = (of: Resource) => is(mallory, "get", resourceObject(of), contextualTuples({ account: dev, ...of }));
    expect([await mayGet(cm("a")), await mayGet(cm("b"))]).toEqual([true, false]);
  });

  test("S21: an account that is deleted takes its tuples and 250 role tuples along, and nothing else", async () => {
    await writeOrg();
    const before = await fga.read({ store, filter: {} });
    const guests = Array.from({ length: 250 }, (_, index) => assignment(team, "member", `user:u${index}@x.io`));
    const inside = "role:core_namespace/workspace-of-team/default/owner";
    await write([
      ...roleTuples(team, "member", fgaUser(mallory)),
      ...guests,
      { user: fgaUser(mallory), relation: "assignee", object: inside },
      { user: `${inside}#assignee`, relation: "owner", object: "core_namespace:workspace-of-team/default" },
    ]);
    expect(await is(mallory, "get", accountObject(team))).toBe(true);
    const revoked = { store, account: team, cluster: "workspace-of-team" };
    expect(await revoke(fga, revoked)).toHaveLength(3 + 2 + 250 + 2);
    expect(await revoke(fga, revoked)).toEqual([]);
    for (const user of [mallory, bob, alice]) expect(await is(user, "get", accountObject(team))).toBe(false);
    const own = text(accountTuples(team, acme, bob));
    expect(text(await fga.read({ store, filter: {} }))).toEqual(text(before).filter((tuple) => !own.includes(tuple)));
  });

  test("S22, S23: a store that is deleted is gone at once, another time too; one of its name is new and empty", async () => {
    await writeOrg();
    await fga.deleteStore({ id: store });
    await fga.deleteStore({ id: store });
    expect(await fga.getStore({ id: store })).toBeUndefined();
    expect((await fga.findStores({ name: "acme" })).map(({ id }) => id)).not.toContain(store);
    const { id } = await fga.createStore({ name: "acme" });
    expect(id).not.toBe(store);
    expect(await fga.latestModel({ store: id })).toBeUndefined();
    expect(await fga.read({ store: id, filter: {} })).toEqual([]);
  });

  test("8B.6: with one bad module the org works as before, and with the others too", async () => {
    await writeOrg();
    const extensions = [
      { name: "bad", contents: "module bad\ntype core_configmap\n" },
      { name: "good", contents: "module good\ntype good\n  relations\n    define x: [user]\n" },
    ];
    const { leftOut, written } = await ensureModel(fga, { store, resources, extensions });
    expect(leftOut.map(({ module }) => module)).toEqual(["bad"]);
    expect(written).toBe(true);
    expect(await is(alice, "owner", accountObject(dev))).toBe(true);
    expect(await is(mallory, "x", "good:1")).toBe(false);
    expect(await ensureModel(fga, { store, resources, extensions })).toMatchObject({ written: false });
  });

  test("8B.6: OpenFGA takes a model of as many types as fit, and what we hold for too large is", async () => {
    const many = Array.from({ length: 130 }, (_, index) => resource("many.example.com", `thing${index}s`));
    const { model } = await composeModel({ resources: many });
    expect(model.type_definitions).toHaveLength(100);
    await fga.writeModel({ store, model });
    const one = { ...model, type_definitions: [...model.type_definitions, { type: "more" }] };
    expect(limitProblem(one)).toBe("the model would have 101 types, OpenFGA takes 100");
    await expect(fga.writeModel({ store, model: one })).rejects.toMatchObject({ code: "exceeded_entity_limit" });
  });

  test("decisions 34: in store orgs everybody who is logged in may create an org and look at orgs", async () => {
    await fga.writeModel({ store, model: await composeOrgsModel() });
    await write(orgsTuples);
    for (const verb of ["create", "list", "get", "watch"])
      expect(await is(mallory, `${verb}_core_platform-mesh_io_accounts`, orgsObject)).toBe(true);
    expect(await is(mallory, "owner", orgsObject)).toBe(false);
  });

  test("8B.15: nobody without the key is served, and the key is in no message", async () => {
    const stranger = createFga({ url: server.url, caFile: server.caFile, token: "a-wrong-key" });
    const error = await stranger.findStores({ name: "acme" }).then(String, String);
    stranger.close();
    expect(error).toMatch(/does not accept the preshared key/);
    expect(error).not.toContain("a-wrong-key");
  });
});

test("an OpenFGA with engine sqlite has its data after a restart", async () => {
  const server = await startOpenFga({ engine: "sqlite" });
  const fga = createFga(server);
  try {
    const store = await fga.createStore({ name: "lasting" });
    await server.restart();
    expect(await fga.findStores({ name: "lasting" })).toEqual([store]);
  } finally {
    fga.close();
    await server.stop();
  }
});
