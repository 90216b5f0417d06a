import { afterAll, beforeAll, expect, test } from "vitest";
import { authorize, type Deps } from "../../functions/authorize/index.ts";
import type { ResourceRequest, Review } from "../../functions/authorize/review.ts";
import { createFga, type FgaClient } from "../../shared/fga/client.ts";
import { accountTuples, assignment, fgaUser, roleTuples } from "../../shared/fga/tuples.ts";
import type { AccountInfo, KubeObject, LogicalCluster } from "../../shared/kcp/objects.ts";
import { makeOrgStore, makeOrgsStore } from "../../test/org-store.ts";
import { startOpenFga, type TestOpenFga } from "../../test/servers.ts";
import { findPlaces } from "./places.ts";

const core = "core.platform-mesh.io";
const acme = { cluster: "orgs1", name: "acme" };
const team = { cluster: "acme1", name: "team" };
const dev = { cluster: "team1", name: "dev" };
const [alice, bob, carol] = ["alice@example.com", "bob@example.com", "carol@example.com"];

/** Path of each workspace, by cluster id, with its Account's key. */
const workspaces = new Map([
  ["root", { path: "root", owner: { cluster: "", name: "" } }],
  ["orgs1", { path: "root:orgs", owner: { cluster: "root", name: "orgs" } }],
  ["acme1", { path: "root:orgs:acme", owner: acme }],
  ["team1", { path: "root:orgs:acme:team", owner: team }],
  ["dev1", { path: "root:orgs:acme:team:dev", owner: dev }],
]);
const stored = { phase: "Ready", store: "" };

let openFga: TestOpenFga;
let fga: FgaClient;
let deps: Deps;
let hour = 0;
beforeAll(async () => {
  openFga = await startOpenFga();
  fga = createFga({ ...openFga, timeoutMs: 2000 });
  stored.store = await makeOrgStore(fga, acme, alice);
  await makeOrgsStore(fga);
  const writes = [
    ...accountTuples(team, acme, bob),
    ...accountTuples(dev, team, carol),
    ...roleTuples(team, "member", fgaUser("dave@example.com")),
    ...roleTuples(dev, "owner", fgaUser("system:serviceaccount:default:ci", "dev1")),
  ];
  await fga.write({ store: stored.store, writes, deletes: [] });
  const get = async (kind: string, cluster: string) => objectOf(kind, cluster);
  // Each question in an hour of its own: nothing is remembered from the one before.
  const placeOf = findPlaces({
    reader: { get: get as never },
    fga,
    orgsPath: "root:orgs",
    now: () => (hour += 3_600_000),
  });
  deps = { placeOf, check: fga.check };
});
afterAll(async () => {
  fga?.close();
  await openFga?.stop();
});

function objectOf(kind: string, cluster: string): KubeObject | undefined {
  const place = workspaces.get(cluster);
  if (!place) return undefined;
  const annotations = { "kcp.io/cluster": cluster, "kcp.io/path": place.path };
  const metadata = { name: "x", uid: "u", resourceVersion: "1", creationTimestamp: "", annotations };
  const owner = { apiVersion: "", resource: "workspaces", uid: "u", ...place.owner };
  const logical: LogicalCluster = {
    ...{ apiVersion: "core.kcp.io/v1alpha1", kind: "LogicalCluster", metadata },
    spec: { owner },
    status: { phase: stored.phase as "Ready" },
  };
  const info = { apiVersion: "", kind: "AccountInfo", metadata, spec: { fga: { store: { id: stored.store } } } };
  return kind === "LogicalCluster" ? logical : (info as unknown as AccountInfo);
}

type Asked = readonly [user: string, verb: string, about: Partial<ResourceRequest> | string, cluster: string];
function decide([user, verb, about, cluster]: Asked) {
  const isPath = typeof about === "string";
  const empty = { group: "", resource: "", subresource: "", namespace: "", name: "" };
  const review: Review = {
    ...{ apiVersion: "authorization.k8s.io/v1", user, verb, cluster, groups: ["system:authenticated"] },
    userCluster: user.startsWith("system:serviceaccount:") ? "dev1" : undefined,
    path: isPath ? about : undefined,
    resource: isPath ? undefined : { ...empty, ...about },
  };
  return authorize(review, deps);
}

const accounts = { group: core, resource: "accounts" };
const account = { ...accounts, name: "team" };
const configmaps = { resource: "configmaps", namespace: "default" };
const configmap = { ...configmaps, name: "cm" };
const memberships = { group: core, resource: "memberships" };
const ci = "system:serviceaccount:default:ci";
test.each<[string, boolean, Asked]>([
  ["S20 the creator creates accounts", true, [alice, "create", accounts, "acme1"]],
  ["S20 the creator gets an account", true, [alice, "get", account, "acme1"]],
  ["S20 the creator creates configmaps in a namespace", true, [alice, "create", configmaps, "acme1"]],
  ["S20 the creator gets a configmap", true, [alice, "get", configmap, "acme1"]],
  ["S20 a stranger creates accounts", false, ["eve@example.com", "create", accounts, "acme1"]],
  ["S20 a stranger gets an account", false, ["eve@example.com", "get", account, "acme1"]],
  ["S20 a stranger creates configmaps", false, ["eve@example.com", "create", configmaps, "acme1"]],
  ["S20 a stranger gets a configmap", false, ["eve@example.com", "get", configmap, "acme1"]],
  ["S20 a stranger sees what APIs there are", false, ["eve@example.com", "get", "/api", "acme1"]],
  ["S11 the org's owner works three levels below", true, [alice, "create", configmaps, "dev1"]],
  ["S11 the owner of an account does not work in the org", false, [bob, "get", configmap, "acme1"]],
  ["S11 the owner of an account does not see the org's APIs", false, [bob, "get", "/apis", "acme1"]],
  ["the owner deletes an account below", true, [bob, "delete", { ...accounts, name: "dev" }, "team1"]],
  ["a member reads", true, ["dave@example.com", "get", configmap, "team1"]],
  ["a member lists over all namespaces", true, ["dave@example.com", "list", { resource: "configmaps" }, "team1"]],
  [
    "a member learns who they are",
    true,
    ["dave@example.com", "create", { group: "authentication.k8s.io", resource: "selfsubjectreviews" }, "team1"],
  ],
  ["a member creates no configmaps", false, ["dave@example.com", "create", configmaps, "team1"]],
  ["a member does not delete accounts", false, ["dave@example.com", "delete", { ...accounts, name: "dev" }, "team1"]],
  ["a member is nobody in accounts below", false, ["dave@example.com", "get", configmap, "dev1"]],
  ["a member sees members", true, ["dave@example.com", "list", memberships, "team1"]],
  ["a member makes no members", false, ["dave@example.com", "create", memberships, "team1"]],
  ["the owner makes members", true, [bob, "create", memberships, "team1"]],
  ["a ServiceAccount works in its workspace", true, [ci, "create", configmaps, "dev1"]],
  [
    "its namesake of elsewhere does not",
    false,
    ["system:kcp:serviceaccount:team1:default:ci", "create", configmaps, "dev1"],
  ],
  ["a resource that the model does not know", false, [alice, "list", { resource: "widgets" }, "acme1"]],
  ["anybody who is logged in creates an org", true, ["eve@example.com", "create", accounts, "orgs1"]],
  ["nobody who is not", false, ["system:anonymous", "create", accounts, "orgs1"]],
  ["nobody elsewhere", false, [alice, "list", configmaps, "root"]],
])("%s: %s", async (_, allowed, asked) => {
  expect(await decide(asked)).toMatchObject({ allowed });
});

test("a role on one object counts for that one, and not for its namesake in another namespace", async () => {
  const object = "core_configmap:dev1/default/cm";
  const writes = [
    { user: fgaUser("eve@example.com"), relation: "assignee", object: "role:core_configmap/dev1/default/cm/member" },
    { user: "role:core_configmap/dev1/default/cm/member#assignee", relation: "member", object },
  ];
  await fga.write({ store: stored.store, writes, deletes: [] });
  expect(await decide(["eve@example.com", "get", configmap, "dev1"])).toMatchObject({ allowed: true });
  expect(await decide(["eve@example.com", "get", { ...configmap, namespace: "other" }, "dev1"])).toMatchObject({
    allowed: false,
  });
});

test("an API may be used by the account that it is shared with, and by those below", async () => {
  const tuple = {
    user: "apis_kcp_io_apiexport:provider1/db",
    relation: "bind_inherited",
    object: "core_platform-mesh_io_account:acme1/team",
  };
  await fga.write({ store: stored.store, writes: [tuple], deletes: [] });
  const bind = (consumer: string) =>
    authorize(
      {
        ...{ apiVersion: "authorization.k8s.io/v1", user: "system:anonymous", verb: "bind", cluster: "provider1" },
        ...{ userCluster: undefined, path: undefined, groups: ["system:authenticated", `system:cluster:${consumer}`] },
        resource: { group: "apis.kcp.io", resource: "apiexports", subresource: "", namespace: "", name: "db" },
      },
      deps,
    );
  expect(await bind("dev1")).toMatchObject({ allowed: true });
  expect(await bind("acme1")).toMatchObject({ allowed: false });
});

test("8B.1 a revoked owner is out at the next question", async () => {
  const tuple = assignment(dev, "owner", fgaUser(carol));
  expect(await decide([carol, "create", configmaps, "dev1"])).toMatchObject({ allowed: true });
  await fga.write({ store: stored.store, writes: [], deletes: [tuple] });
  expect(await decide([carol, "create", configmaps, "dev1"])).toMatchObject({ allowed: false });
});

test.each(["Initializing", "Terminating", "Unavailable"])(
  "decisions 32: no opinion while a workspace is %s",
  async (phase) => {
    stored.phase = phase;
    const answer = await decide([alice, "create", accounts, "acme1"]);
    stored.phase = "Ready";
    expect(answer).toMatchObject({ allowed: false, reason: expect.stringContaining(phase) });
  },
);

test("8B.5 the store of another org is never asked, nor one that is deleted, though OpenFGA would answer", async () => {
  const { store } = stored;
  stored.store = await makeOrgStore(fga, { cluster: "orgs1", name: "other" }, alice);
  expect(await decide([alice, "get", "/api", "acme1"])).toMatchObject({
    reason: expect.stringContaining("is not that of org acme"),
  });
  stored.store = store;
  await fga.deleteStore({ id: store });
  const asked = {
    store,
    tuple: { user: fgaUser(alice), relation: "owner", object: "core_platform-mesh_io_account:orgs1/acme" },
  };
  expect(await fga.check(asked)).toBe(true);
  expect(await decide([alice, "get", "/api", "acme1"])).toMatchObject({
    allowed: false,
    reason: expect.stringContaining("is gone from OpenFGA"),
  });
});

test("a second store orgs decides nothing", async () => {
  await makeOrgsStore(fga);
  expect(await decide([alice, "create", accounts, "orgs1"])).toMatchObject({
    reason: expect.stringContaining("2 stores orgs"),
  });
});

test("while OpenFGA is away there is no opinion, and the reason is told", async () => {
  await openFga.kill();
  const answer = await decide([alice, "create", accounts, "orgs1"]);
  expect(answer).toMatchObject({
    allowed: false,
    reason: expect.stringContaining("try again"),
    evaluationError: expect.any(String),
  });
});
