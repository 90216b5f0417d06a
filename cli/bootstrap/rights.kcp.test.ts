import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { kinds } from "../../shared/kcp/kinds.ts";
import { loadKubeconfig } from "../../shared/kcp/kubeconfig.ts";
import type { KubeObject, Workspace } from "../../shared/kcp/objects.ts";
import { type Client, createClient } from "../../shared/kcp/rest.ts";
import { coreExport } from "../../shared/names.ts";
import { BareKcp, eventually, succeeding } from "../../test/bare-kcp.ts";
import { claimsOf } from "../doctor/claims.ts";
import { openView } from "../doctor/view.ts";
import { resourceOf, systemWorkspace } from "./manifests.ts";

const minute = 60_000;
const core = { apiVersion: `${coreExport}/v1alpha1` };
const tenancy = { apiVersion: "tenancy.kcp.io/v1alpha1" };
const rbac = { apiVersion: "rbac.authorization.k8s.io/v1" };
const clusterRoleBindings = resourceOf({ ...rbac, kind: "ClusterRoleBinding" });
const exports = resourceOf({ apiVersion: "apis.kcp.io/v1alpha2", kind: "APIExport" });
const secrets = resourceOf({ apiVersion: "v1", kind: "Secret" });
const beta = "root:orgs:beta";

const inOrgs = (name: string) => ({ path: "root:orgs", name });
const workspaceType = (name: string, spec: object) => ({ ...tenancy, kind: "WorkspaceType", metadata: { name }, spec });
const workspace = (name: string, type: string) => ({
  ...tenancy,
  kind: "Workspace",
  metadata: { name },
  spec: { type: inOrgs(type) },
});
const account = (name: string) => ({
  ...core,
  kind: "Account",
  metadata: { name },
  spec: { type: "account", displayName: name },
});
const location = { name: "beta", generatedClusterId: "a", originClusterId: "b", path: "c", url: "d", type: "org" };
const accountInfo = {
  ...core,
  kind: "AccountInfo",
  metadata: { name: "account" },
  spec: { account: location, organization: location, clusterInfo: { ca: "" }, fga: { store: { id: "" } } },
};
const roleBinding = (name: string, role: string, user: string) => ({
  ...rbac,
  kind: "ClusterRoleBinding",
  metadata: { name },
  roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role },
  subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: user }],
});

let bare: BareKcp;
/** The functions' identity, through the virtual workspace and past it. */
let operator: Client;
let direct: Client;
let orgs: string;
let org: string;

beforeAll(async () => {
  bare = await BareKcp.start();
  expect(await bare.bootstrap()).toMatchObject({ code: 0 });
  const options = { operator: { file: bare.operatorFile }, admin: undefined, timeoutMs: minute, waitMs: minute };
  const view = await openView(options, { now: Date.now, signal: new AbortController().signal });
  direct = createClient({ config: await loadKubeconfig(options.operator) });
  const [shard] = view.shards;
  if (!shard) throw new Error("no endpoint");
  operator = shard;
  orgs = (await direct.get("Workspace", "root", "orgs"))?.spec?.cluster ?? "";
});
afterAll(async () => {
  operator?.close();
  direct?.close();
  await bare?.stop();
});

describe("the operator's rights are enough", () => {
  /** Makes a workspace with its AccountInfo; answers its cluster id and the phase in which AccountInfo could be made. */
  async function provision(parent: string, name: string, type: string) {
    await succeeding(() => operator.create(kinds.Workspace, parent, workspace(name, type)));
    const until = (isRight: (seen: Workspace | undefined) => boolean) =>
      eventually(() => operator.get("Workspace", parent, name), isRight);
    const id = (await until((seen) => !!seen?.spec?.cluster))?.spec?.cluster ?? "";
    await succeeding(() => operator.create(kinds.AccountInfo, id, accountInfo));
    const phase = (await operator.get("Workspace", parent, name))?.status?.phase;
    expect(await until((seen) => seen?.status?.phase === "Ready")).toMatchObject({ status: { phase: "Ready" } });
    return { id, phase };
  }

  test("for an org and an account in it, AccountInfo while kcp still initializes them", async () => {
    const org_ = {
      extend: { with: [{ path: "root", name: "org" }] },
      limitAllowedChildren: { types: [inOrgs("beta-account")] },
    };
    const account_ = { extend: { with: [{ path: "root", name: "account" }] } };
    await operator.create(kinds.WorkspaceType, orgs, workspaceType("beta-org", org_));
    await operator.create(kinds.WorkspaceType, orgs, workspaceType("beta-account", account_));
    const made = await provision(orgs, "beta", "beta-org");
    org = made.id;
    const phases = [made.phase];
    let last = made.id;
    // kcp is at times quicker than the look at the phase: in one of a few workspaces it is not.
    for (const name of ["team", "team-2", "team-3", "team-4", "team-5"]) {
      const { id, phase } = await provision(org, name, "beta-account");
      phases.push(phase);
      last = id;
      if (phases.includes("Initializing")) break;
    }
    expect(phases).toContain("Initializing");
    const bound = (await operator.list("APIBinding", last)).map(({ spec }) => spec.reference.export?.name);
    expect(new Set(bound)).toEqual(new Set([coreExport, "tenancy.kcp.io", "topology.kcp.io"]));
  });

  test("for statuses, and for Events in every workspace that holds Accounts", async () => {
    await operator.create(kinds.Account, org, account("foo"));
    const status = { status: { phase: "Ready" } };
    const target = { cluster: org, name: "foo", subresource: "status" } as const;
    expect(await operator.mergePatch(kinds.Account, target, status)).toMatchObject(status);
    const event = {
      apiVersion: "v1",
      kind: "Event",
      metadata: { name: "foo.1", namespace: "default" },
      involvedObject: { ...core, kind: "Account", name: "foo" },
      type: "Normal",
      reason: "Test",
      message: "said",
    };
    for (const cluster of [orgs, org]) {
      expect(await operator.create(resourceOf(event), cluster, event)).toMatchObject({ message: "said" });
    }
  });

  test("for the Lease of a leader", async () => {
    const metadata = { name: "leader", namespace: "default" };
    const lease = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata, spec: { holderIdentity: "a" } };
    const target = { cluster: systemWorkspace, ...metadata };
    await direct.create(resourceOf(lease), systemWorkspace, lease);
    const next = { spec: { holderIdentity: "b" } };
    expect(await direct.mergePatch(resourceOf(lease), target, next)).toMatchObject(next);
    expect(await direct.read(resourceOf(lease), target)).toMatchObject(next);
  });
});

describe("the operator may not", () => {
  const refused: Readonly<Record<string, () => Promise<unknown>>> = {
    "make a workspace beside the organizations": () => direct.create(kinds.Workspace, "root", workspace("own", "x")),
    "change a type in root": () =>
      direct.mergePatch(kinds.WorkspaceType, { cluster: "root", name: "org" }, { spec: {} }),
    "change its export": () => direct.mergePatch(exports, { cluster: systemWorkspace, name: coreExport }, { spec: {} }),
    "give itself rights": () =>
      direct.create(clusterRoleBindings, "root", roleBinding("me", "cluster-admin", "account-functions")),
    "read root:orgs past the virtual workspace": () => direct.list("Account", "root:orgs"),
    "read the secrets of the export": () => direct.readAll(secrets, { cluster: systemWorkspace }),
    "read the secrets of an account": () => operator.readAll(secrets, { cluster: org }),
  };
  test.each(Object.entries(refused))("%s", async (_, attempt) => {
    await expect(attempt()).rejects.toThrow(/forbidden|could not find the requested resource/);
  });
});

// kcp-facts V14.
test("a cluster-admin of an account does all with Accounts, and nothing with what the functions write", async () => {
  for (const role of ["cluster-admin", "system:kcp:workspace:access"]) {
    await bare.admin.create(clusterRoleBindings, beta, roleBinding(`alice:${role}`, role, "alice"));
  }
  const alice = bare.as(bare.kcp.tokens.alice);
  await succeeding(() => alice.create(kinds.Account, beta, account("bar")));
  const change = { spec: { displayName: "B" } };
  expect(await alice.mergePatch(kinds.Account, { cluster: beta, name: "bar" }, change)).toMatchObject(change);
  expect(await alice.list("AccountInfo", beta)).toHaveLength(1);

  const info = { cluster: beta, name: "account" };
  const bar = { cluster: beta, name: "bar", subresource: "status" } as const;
  const refused: Readonly<Record<string, () => Promise<unknown>>> = {
    "patch accounts/status": () => alice.mergePatch(kinds.Account, bar, { status: { phase: "Ready" } }),
    "create AccountInfo": () => alice.create(kinds.AccountInfo, beta, { ...accountInfo, metadata: { name: "other" } }),
    "patch AccountInfo": () => alice.mergePatch(kinds.AccountInfo, info, { spec: { clusterInfo: { ca: "mine" } } }),
    "apply AccountInfo": () => alice.apply(kinds.AccountInfo, beta, accountInfo, { fieldManager: "alice" }),
    "delete AccountInfo": () => alice.delete(kinds.AccountInfo, info),
    "make a workspace without an Account": () => alice.create(kinds.Workspace, beta, workspace("raw", "beta-account")),
  };
  for (const [what, attempt] of Object.entries(refused)) {
    await expect(attempt(), what).rejects.toMatchObject({ code: 403 });
  }
  await alice.delete(kinds.Account, { cluster: beta, name: "bar" });
  alice.close();
});

// kcp-facts V6.
test("an upgrade brings a new claim to the accounts that exist", { timeout: 2 * minute }, async () => {
  const withoutEvents = (object: KubeObject | undefined) => ({
    spec: { permissionClaims: claimsOf(object).filter(({ resource }) => resource !== "events") },
  });
  // As an older version, without that claim, would have left it.
  const target = { cluster: systemWorkspace, name: coreExport };
  await bare.admin.mergePatch(exports, target, withoutEvents(await bare.admin.read(exports, target)));
  const binding = (await bare.admin.list("APIBinding", beta)).find(
    (each) => each.spec.reference.export?.name === coreExport,
  );
  const inBeta = { cluster: beta, name: binding?.metadata.name ?? "" };
  await bare.admin.mergePatch(kinds.APIBinding, inBeta, withoutEvents(binding));

  await bare.bootstrap("--upgrade");
  const claims = async () => claimsOf(await bare.admin.read(kinds.APIBinding, inBeta)).map(({ resource }) => resource);
  expect(await eventually(claims, (resources) => resources.includes("events"), minute)).toContain("events");
});
