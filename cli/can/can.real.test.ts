import { afterAll, beforeAll, expect, test } from "vitest";
import { createFga, type FgaClient } from "../../shared/fga/client.ts";
import { accountTuples, fgaUser, roleTuples } from "../../shared/fga/tuples.ts";
import { KcpServer } from "../../test/kcp-server.ts";
import { makeOrgStore, makeOrgsStore } from "../../test/org-store.ts";
import { runPm } from "../../test/run-pm.ts";
import { startOpenFga, type TestOpenFga } from "../../test/servers.ts";

const acme = { cluster: "orgs1", name: "acme" };
const dev = { cluster: "acme1", name: "dev" };
const devPath = "root:orgs:acme:dev";

let openFga: TestOpenFga;
let fga: FgaClient;
let kcp: KcpServer;
beforeAll(async () => {
  [openFga, kcp] = await Promise.all([startOpenFga(), KcpServer.start()]);
  fga = createFga(openFga);
  await makeOrgsStore(fga);
  const store = await makeOrgStore(fga, acme, "alice@example.com");
  const writes = [
    ...accountTuples(dev, acme, "carol@example.com"),
    ...roleTuples(dev, "member", fgaUser("dave@example.com")),
    {
      user: "apis_kcp_io_apiexport:provider1/db",
      relation: "bind_inherited",
      object: "core_platform-mesh_io_account:orgs1/acme",
    },
  ];
  await fga.write({ store, writes, deletes: [] });
  workspace("root:orgs", "orgs1", { cluster: "root", name: "orgs" });
  workspace("root:orgs:acme", "acme1", acme, store);
  workspace(devPath, "dev1", dev, store);
  workspace("root:providers:db", "provider1", { cluster: "providers1", name: "db" });
});
afterAll(async () => {
  fga?.close();
  await kcp?.[Symbol.asyncDispose]();
  await openFga?.stop();
});

/** By its path and by its id, as kcp serves it. */
function workspace(path: string, cluster: string, owner: { cluster: string; name: string }, store?: string): void {
  const annotations = { "kcp.io/cluster": cluster, "kcp.io/path": path };
  for (const key of [path, cluster]) {
    const logical = { metadata: { name: "cluster", annotations }, spec: { owner }, status: { phase: "Ready" } };
    kcp.put(key, { kind: "LogicalCluster", ...logical });
    if (store)
      kcp.put(key, {
        kind: "AccountInfo",
        metadata: { name: "account", annotations },
        spec: { fga: { store: { id: store } } },
      });
  }
}

const flags = () => [`--fga-url=${openFga.url}`, `--fga-token-file=${openFga.tokenFile}`, `--fga-ca=${openFga.caFile}`];
const can = (...argv: readonly string[]) => runPm(["can", ...argv, ...flags()], { server: kcp.url });

test("tells of the creator of an org by which tuples they may", async () => {
  const { code, out } = await can("alice@example.com", "create", "configmaps", "-n", "default", "-w", devPath);
  expect(code).toBe(0);
  const lines = out
    .trimEnd()
    .split("\n")
    .map((line) => line.trim().replace(/ {2,}/g, "  "));
  const account = "core_platform-mesh_io_account";
  expect(lines).toEqual([
    `yes: alice@example.com may create configmaps in namespace default in ${devPath}`,
    "asked  user:alice@example.com create_core_configmaps core_namespace:dev1/default",
    "because",
    `user:alice@example.com assignee role:${account}/orgs1/acme/owner  has the role`,
    `role:${account}/orgs1/acme/owner#assignee owner ${account}:orgs1/acme  whoever has the role is owner`,
    `${account}:orgs1/acme parent ${account}:acme1/dev  owner from parent`,
    `${account}:acme1/dev parent core_namespace:dev1/default  owner from parent`,
  ]);
});

test("tells of a member what it would take", async () => {
  const { code, out } = await can("dave@example.com", "create", "configmaps", "-n", "default", "-w", devPath);
  expect(code).toBe(1);
  expect(out).toContain(`no: dave@example.com may not create configmaps in namespace default in ${devPath}`);
  expect(out).toContain(
    `needed   owner of ${devPath}, or owner of an account above it: pm member add dave@example.com --role owner -w ${devPath}`,
  );
  const read = await can("dave@example.com", "get", "configmaps/cm", "-n", "default", "-w", devPath, "-o", "json");
  expect(read.code).toBe(0);
  expect(JSON.parse(read.out)).toMatchObject({
    allowed: true,
    asked: { relation: "get", object: "core_configmap:dev1/default/cm" },
    because: [
      { user: "user:dave@example.com", object: "role:core_platform-mesh_io_account/acme1/dev/member" },
      { relation: "member", object: "core_platform-mesh_io_account:acme1/dev" },
      { object: "core_namespace:dev1/default", does: "member from parent" },
      { object: "core_configmap:dev1/default/cm", does: "member from parent" },
    ],
  });
});

test.each<[string, readonly string[], number, string]>([
  [
    "a stranger",
    ["eve@example.com", "get", "accounts/qa", "-w", devPath],
    1,
    `needed   member of ${devPath}:qa, or owner`,
  ],
  [
    "an account below, asked in its parent",
    ["eve@example.com", "delete", "accounts/dev", "-w", "root:orgs:acme"],
    1,
    "needed   owner of root:orgs:acme:dev, or owner of an account above it",
  ],
  [
    "anybody, who may create orgs",
    ["eve@example.com", "create", "accounts", "-w", "root:orgs"],
    0,
    "everybody who is logged in has the role",
  ],
  [
    "a group of its own",
    ["eve@example.com", "list", "widgets.example.com", "-w", devPath],
    1,
    "the model knows no list_example_com_widgets",
  ],
  [
    "what no role gives",
    ["alice@example.com", "create", "clusterrolebindings.rbac.authorization.k8s.io", "-w", devPath],
    1,
    "no role lets anybody",
  ],
  [
    "a status",
    ["alice@example.com", "patch", "accounts/x", "--subresource=status", "-w", devPath],
    1,
    "by those who serve it",
  ],
  [
    "the use of an API",
    ["alice@example.com", "bind", "apiexports/db", "--provider=root:providers:db", "-w", devPath],
    0,
    "the API may be used",
  ],
  [
    "an API that is not shared",
    ["alice@example.com", "bind", "apiexports/other", "--provider=root:providers:db", "-w", devPath],
    1,
    "no role of an account gives this",
  ],
  [
    "a workspace of no account",
    ["alice@example.com", "get", "configmaps", "-w", "root:providers:db"],
    1,
    "no workspace of an account",
  ],
  [
    "a workspace that is not there",
    ["alice@example.com", "get", "configmaps", "-w", "root:orgs:none"],
    1,
    "there is no workspace root:orgs:none",
  ],
])("explains %s", async (_, argv, code, text) => {
  const ran = await can(...argv);
  expect(ran.out + ran.err).toContain(text);
  expect(ran.code).toBe(code);
});

test.each<[string, readonly string[], number, string]>([
  ["no OpenFGA", ["--fga-url="], 2, "--fga-url: is needed"],
  ["a URL that is none", ["--fga-url=openfga:8080"], 2, "is no URL"],
  ["no resource", ["alice", "get", "Config Maps"], 2, "is no resource"],
  ["bind without its provider", ["alice", "bind", "apiexports/db"], 2, "--provider: is needed"],
])("a command line with %s says what to do", async (_, argv, code, text) => {
  const positionals = argv.length > 1 ? [] : ["alice", "get", "configmaps"];
  const own = argv.some((arg) => arg.startsWith("--fga-url")) ? [] : flags();
  const ran = await runPm(["can", ...positionals, ...argv, ...own, `-w=${devPath}`], { server: kcp.url });
  expect(ran.err).toContain(text);
  expect(ran.code).toBe(code);
});

test("an OpenFGA that is away is no answer no", async () => {
  const away = ["--fga-url=https://127.0.0.1:1", "--fga-ca", openFga.caFile];
  const ran = await runPm(["can", "alice", "get", "configmaps", ...away, `-w=${devPath}`], { server: kcp.url });
  expect(ran.err).toContain("OpenFGA does not answer");
  expect(ran.code).toBe(3);
});
