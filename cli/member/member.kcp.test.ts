import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { accountObject, formatTuple, roleObject } from "../../shared/fga/tuples.ts";
import { apiVersionOf, kinds } from "../../shared/kcp/kinds.ts";
import type { Membership } from "../../shared/kcp/objects.ts";
import type { Client } from "../../shared/kcp/rest.ts";
import { conditionOf, membershipName } from "../../shared/membership.ts";
import { infoName } from "../../shared/names.ts";
import { backend } from "../../test/backend.ts";
import { BareKcp, eventually, succeeding } from "../../test/bare-kcp.ts";
import { FakeFga } from "../../test/fake-fga.ts";
import { FakeIdentity } from "../../test/fake-identity.ts";
import { type Ran, runPm } from "../../test/run-pm.ts";
import { serveMembers } from "../../test/serve-members.ts";
import { openView } from "../doctor/view.ts";

const minute = 60_000;
const org = "root:orgs:acme";
const team = `${org}:team`;
const fga = new FakeFga();
const identity = new FakeIdentity();
const store = fga.store("acme");

let bare: BareKcp;
let operator: Client;
let serving: AsyncDisposable;
/** Key of the org's Account. */
let acme: { cluster: string; name: string };
const rbac = { apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRoleBinding" };
const clusterRoleBindings = { group: "rbac.authorization.k8s.io", version: "v1", plural: "clusterrolebindings" };

const pm = (...args: readonly string[]): Promise<Ran> =>
  runPm(["member", ...args], { env: { KUBECONFIG: bare.kcp.adminKubeconfig } });

beforeAll(async () => {
  bare = await BareKcp.start();
  // The people of this test create accounts for others.
  expect(await bare.bootstrap("--admission=none")).toMatchObject({ code: 0 });
  const options = { operator: { file: bare.operatorFile }, admin: undefined, timeoutMs: minute, waitMs: minute };
  const view = await openView(options, { now: Date.now, signal: new AbortController().signal });
  const [url] = view.shards;
  if (!url) throw new Error("no endpoint");
  operator = url;
  serving = await serveMembers({ kubeconfig: bare.operatorFile, fga, identity });
  await account("acme", "root:orgs");
  await account("team", org);
  await secure(org);
  const clusterOfOrgs = (await bare.admin.get("Workspace", "root", "orgs"))?.spec?.cluster ?? "";
  acme = { cluster: clusterOfOrgs, name: "acme" };
});
afterAll(async () => {
  await serving?.[Symbol.asyncDispose]();
  operator?.close();
  await bare?.stop();
});

async function account(name: string, parent: string): Promise<void> {
  const type = parent === "root:orgs" ? "org" : "account";
  const spec = { type, displayName: name, creator: `creator-of-${name}@x.io` };
  const object = { apiVersion: apiVersionOf(kinds.Account), kind: "Account", metadata: { name }, spec };
  await succeeding(() => bare.admin.create(kinds.Account, parent, object), minute);
  const look = () => bare.admin.get("Account", parent, name);
  expect((await eventually(look, (found) => found?.status?.phase === "Ready", minute))?.status?.phase).toBe("Ready");
}

/** What security-init does: the store and the seed of the creator, and AccountInfo that says so. */
async function secure(path: string): Promise<void> {
  const info = await bare.admin.get("AccountInfo", path, infoName);
  if (!info) throw new Error("no AccountInfo");
  const key = { cluster: info.spec.account.originClusterId, name: info.spec.account.name };
  const role = roleObject(key, "owner");
  const writes = [
    { user: `${role}#assignee`, relation: "owner", object: accountObject(key) },
    { user: "user:creator-of-acme@x.io", relation: "assignee", object: role },
  ];
  await fga.write({ store, writes, deletes: [] });
  const spec = {
    fga: { store: { id: store } },
    oidc: { issuerUrl: "https://idp.example", clients: { acme: { clientId: "c" } } },
  };
  const cluster = info.spec.account.generatedClusterId;
  await operator.mergePatch(kinds.AccountInfo, { cluster, name: infoName }, { spec });
}

const rolesIn = (key: { cluster: string; name: string }) =>
  (fga.stores.get(store)?.tuples ?? [])
    .filter(({ object }) => object.startsWith(roleObject(key, "owner").replace("owner", "")))
    .map(formatTuple)
    .map((text) => text.replace(/^user:(\S+) assignee .*\/(\w+)$/, "$1 $2"))
    .toSorted();

describe("decisions 34: pm member", () => {
  test("adds a person by a Membership alone: role, invitation, and each stage with its time", async () => {
    const { code, out, err } = await pm("add", "bob@x.io", "-w", org, "--wait");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(/^Granted [\d.]+m?s {2}Invited [\d.]+m?s {2}bob@x\.io is member of root:orgs:acme\n$/);
    expect(rolesIn(acme)).toEqual(["bob@x.io member", "creator-of-acme@x.io owner"]);
    expect(identity.asked()).toEqual(["invite acme bob@x.io"]);
  });

  test("changes the role, and an owner of the org is listed in every account below", {
    timeout: 2 * minute,
  }, async () => {
    const { out } = await pm("add", "bob@x.io", "--role=owner", "-w", org, "--wait");
    expect(out).toContain(`bob@x.io is owner of ${org}, and was member;  inherited reach: 1 account\n`);
    expect(rolesIn(acme)).toEqual(["bob@x.io owner", "creator-of-acme@x.io owner"]);
    expect((await pm("add", "carol@x.io", "-w", team, "--wait")).code).toBe(0);
    const { out: json } = await pm("list", "-w", team, "-o", "json");
    const listed = JSON.parse(json).map((each: Record<string, unknown>) => [
      each.subject,
      each.role,
      each.account,
      each.source,
      each.inherited,
    ]);
    expect(listed).toEqual([
      ["creator-of-team@x.io", "owner", team, "creator", false],
      ["carol@x.io", "member", team, "membership", false],
      ["creator-of-acme@x.io", "owner", org, "creator", true],
      ["bob@x.io", "owner", org, "membership", true],
    ]);
  });

  test("8B.1, 8B.13: removes the creator for good, and not the last owner", { timeout: 2 * minute }, async () => {
    const creator = await pm("remove", "creator-of-acme@x.io", "-w", org);
    expect(creator).toMatchObject({ code: 0, err: "", out: `creator-of-acme@x.io is no longer owner of ${org}\n` });
    expect(rolesIn(acme)).toEqual(["bob@x.io owner"]);
    expect((await pm("list", "-w", org)).out).not.toContain("creator-of-acme");
    const last = await pm("remove", "bob@x.io", "-w", org);
    expect(last.code).toBe(1);
    expect(last.err).toContain("bob@x.io stays owner");
    expect(last.err).toContain(`pm member add SUBJECT --role owner -w ${org}`);
    expect((await pm("add", "dora@x.io", "--role=owner", "-w", org, "--wait")).code).toBe(0);
    const gone = () => bare.admin.get("Membership", org, membershipName("bob@x.io"));
    expect(await eventually(gone, (found) => found === undefined)).toBeUndefined();
    expect(rolesIn(acme)).toEqual(["dora@x.io owner"]);
  });

  test("tells where it cannot work", async () => {
    const { code, err } = await pm("list", "-w", `${org}:nowhere`);
    expect(code).toBe(1);
    expect(err).toMatch(/nowhere/);
  });
});

describe("the schema", () => {
  const membership = (name: string, spec: object) => ({
    apiVersion: apiVersionOf(kinds.Membership),
    kind: "Membership",
    metadata: { name },
    spec,
  });
  const create = (name: string, spec: object) => bare.admin.create(kinds.Membership, team, membership(name, spec));

  test.each([
    ["everybody", { subject: "*", role: "owner" }],
    ["a space", { subject: "two words", role: "owner" }],
    ["a userset", { subject: "group#member", role: "owner" }],
    ["nobody", { subject: "", role: "owner" }],
    ["another role", { subject: "bob@x.io", role: "admin" }],
    ["no role", { subject: "bob@x.io" }],
  ])("S16 refuses %s", async (_what, spec) => {
    await expect(create("odd", spec)).rejects.toMatchObject({ code: 422 });
  });

  test("the subject cannot be changed: kcp refuses it, and where no rule is evaluated the function does", async () => {
    await create("fixed", { subject: "eve@x.io", role: "member" });
    const look = () => bare.admin.get("Membership", team, "fixed");
    const ready = (found: Membership | undefined) => found && conditionOf(found, "Ready");
    await eventually(look, (found) => ready(found)?.status === "True");
    const change = () =>
      bare.admin.mergePatch(kinds.Membership, { cluster: team, name: "fixed" }, { spec: { subject: "mallory@x.io" } });
    if (backend() === "kcp") await expect(change()).rejects.toMatchObject({ code: 422 });
    else {
      await change();
      expect(ready(await eventually(look, (found) => ready(found)?.status === "False"))).toMatchObject({
        reason: "SubjectChanged",
      });
    }
    expect(fga.tuplesOf(store).filter((tuple) => tuple.includes("mallory"))).toEqual([]);
  });

  // kcp-facts V14.
  test("a cluster-admin of an account may say who is a member, and not that it is done", async () => {
    for (const name of ["cluster-admin", "system:kcp:workspace:access"]) {
      const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name };
      const subjects = [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "alice" }];
      await bare.admin.create(clusterRoleBindings, team, {
        ...rbac,
        metadata: { name: `alice:${name}` },
        roleRef,
        subjects,
      } as never);
    }
    const alice = bare.as(bare.kcp.tokens.alice);
    const spec = { subject: "frank@x.io", role: "member" };
    await succeeding(() => alice.create(kinds.Membership, team, membership("frank", spec)));
    const status = { roles: [], conditions: [] };
    const target = { cluster: team, name: "frank", subresource: "status" } as const;
    await expect(alice.mergePatch(kinds.Membership, target, { status })).rejects.toMatchObject({ code: 403 });
    await alice.delete(kinds.Membership, { cluster: team, name: "frank" });
    alice.close();
  });
});

test("an account takes its Memberships along when it is deleted, the last owner's too", {
  timeout: 2 * minute,
}, async () => {
  const { admin } = bare;
  expect(
    (await runPm(["account", "delete", org, "--cascade", "--yes"], { env: { KUBECONFIG: bare.kcp.adminKubeconfig } }))
      .code,
  ).toBe(0);
  expect(await admin.list("Account", "root:orgs")).toEqual([]);
  expect(rolesIn(acme)).toEqual([]);
});
