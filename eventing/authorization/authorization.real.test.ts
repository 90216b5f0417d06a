import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createFga, type FgaClient } from "../../shared/fga/client.ts";
import { accountTuples, assignment, fgaUser, roleTuples } from "../../shared/fga/tuples.ts";
import { kinds, type Resource } from "../../shared/kcp/kinds.ts";
import { loadKubeconfig } from "../../shared/kcp/kubeconfig.ts";
import { type Account, type APIBinding, clusterOf, type KubeObject } from "../../shared/kcp/objects.ts";
import { type Client, createClient } from "../../shared/kcp/rest.ts";
import { infoName, logicalClusterName } from "../../shared/names.ts";
import { selfSigned } from "../../shared/self-signed.ts";
import { BareKcp, eventually, succeeding } from "../../test/bare-kcp.ts";
import { Product } from "../../test/e2e/product.ts";
import { makeOrgStore, makeOrgsStore } from "../../test/org-store.ts";
import { postReview } from "../../test/post-review.ts";
import { runPm } from "../../test/run-pm.ts";
import { startKcp, startOpenFga, type TestOpenFga } from "../../test/servers.ts";
import { obtain } from "../../tools/obtain.ts";
import { freePorts } from "../../tools/ports.ts";
import { slices, urlsOf } from "../source/endpoints.ts";

const orgs = "root:orgs";
const acme = `${orgs}:acme`;
const dev = `${acme}:dev`;
const configmaps: Resource = { group: "", version: "v1", plural: "configmaps" };
const bindings: Resource = { group: "rbac.authorization.k8s.io", version: "v1", plural: "clusterrolebindings" };
const serviceAccounts = "/api/v1/namespaces/default/serviceaccounts";
const forbidden = { code: 403 };

let folder: string;
let bare: BareKcp;
let openFga: TestOpenFga;
let fga: FgaClient;
let product: Product;
let admin: Client;
let alice: Client;
let bob: Client;
let store: string;
/** Of the webhook in pm run. */
let runPort: number;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "authorization-"));
  const config = join(folder, "webhook.kubeconfig");
  const [port = 0] = await freePorts(1);
  runPort = port;
  const certificates = await serverCertificate();
  const asked = await runPm([
    "authorization-config",
    `--url=https://localhost:${port}`,
    `--ca=${join(certificates, "tls.crt")}`,
  ]);
  await writeFile(config, asked.out);
  // kcp starts, and is set up, with nobody there to answer it.
  [bare, openFga] = await Promise.all([
    BareKcp.start(startKcp({ security: { authorizationWebhookConfig: config } })),
    startOpenFga(),
  ]);
  fga = createFga(openFga);
  const { code, err } = await bare.bootstrap();
  expect(code, err).toBe(0);
  const serving = [`--authorization-webhook-port=${port}`, `--authorization-webhook-cert-dir=${certificates}`];
  product = new Product({
    kubeconfig: bare.operatorFile,
    logFile: join(bare.folder, "pm-run.log"),
    args: ["--bus=memory", "--authorization-webhook-enabled", ...serving, ...fgaFlags()],
  });
  await makeOrgsStore(fga);
  await product.start();
  admin = createClient({ config: await loadKubeconfig({ file: bare.kcp.adminKubeconfig, context: "base" }) });
  [alice, bob] = [bare.as(bare.kcp.tokens.alice), bare.as(bare.kcp.tokens.bob)];
});
afterAll(async () => {
  await product?.stop();
  for (const client of [fga, admin, alice, bob]) client?.close();
  await openFga?.stop();
  await bare?.stop();
  await rm(folder, { recursive: true });
});

async function serverCertificate(): Promise<string> {
  const certificates = join(folder, "certificates");
  const { cert, key } = selfSigned("localhost");
  await mkdir(certificates);
  await Promise.all([writeFile(join(certificates, "tls.crt"), cert), writeFile(join(certificates, "tls.key"), key)]);
  return certificates;
}
const fgaFlags = () => [
  `--fga-url=${openFga.url}`,
  `--fga-token-file=${openFga.tokenFile}`,
  `--fga-ca=${openFga.caFile}`,
];

const account = (name: string, type: string) => ({
  apiVersion: "core.platform-mesh.io/v1alpha1",
  kind: "Account",
  metadata: { name },
  spec: { type, displayName: name },
});
const configmap = (name: string) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "default" },
});
const isReady = (parent: string, name: string) =>
  eventually(
    async () => (await admin.read<Account>(kinds.Account, { cluster: parent, name }))?.status?.phase,
    (phase) => phase === "Ready",
  );
const createConfigmap = (client: Client, cluster: string, name: string) =>
  client.create<KubeObject>(configmaps, cluster, configmap(name));
const list = (client: Client, cluster: string) => client.readAll(configmaps, { cluster, namespace: "default" });
async function idOf(path: string): Promise<string> {
  const found = await admin.get("LogicalCluster", path, logicalClusterName);
  return found ? clusterOf(found) : "";
}

async function tokenOfCi(): Promise<string> {
  const { status } = await alice.request<{ status: { token: string } }>({
    method: "POST",
    cluster: dev,
    path: `${serviceAccounts}/ci/token`,
    body: { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} },
  });
  return status.token;
}

/** As security-init does, through the virtual workspace: nobody else may write it. */
async function nameStore(workspace: string): Promise<void> {
  const config = await loadKubeconfig({ file: bare.operatorFile });
  const slice = await admin.read(slices, { cluster: "root:platform-mesh-system", name: "core.platform-mesh.io" });
  const operator = createClient({ config, basesOf: () => urlsOf(slice) });
  const target = { cluster: await idOf(workspace), name: infoName };
  await operator.mergePatch(kinds.AccountInfo, target, { spec: { fga: { store: { id: store } } } });
  operator.close();
}

test("decisions 34: alice, to whom no RBAC gives anything, creates an org since OpenFGA lets everybody", async () => {
  await succeeding(() => alice.create(kinds.Account, orgs, account("acme", "org")));
  expect(await isReady(orgs, "acme")).toBe("Ready");
});

test("an org whose store is not known yet has no users", async () => {
  await expect(list(alice, acme)).rejects.toMatchObject(forbidden);
});

test("S20 its owner works in it, a stranger gets 403, and so does whoever is not logged in", async () => {
  const org = { cluster: await idOf(orgs), name: "acme" };
  store = await makeOrgStore(fga, org, "alice");
  await nameStore(acme);
  await succeeding(() => createConfigmap(alice, acme, "hers"));
  await expect(createConfigmap(bob, acme, "his")).rejects.toMatchObject(forbidden);
  await expect(list(bob, acme)).rejects.toMatchObject(forbidden);
  await expect(bare.as("").request({ cluster: orgs, path: "/api" })).rejects.toMatchObject(forbidden);
  await alice.create(kinds.Account, acme, account("dev", "account"));
  expect(await isReady(acme, "dev")).toBe("Ready");
});

test("an owner of the org owns the account below, and kubectl finds there all that it needs", async () => {
  const org = { cluster: await idOf(orgs), name: "acme" };
  await fga.write({
    store,
    writes: accountTuples({ cluster: await idOf(acme), name: "dev" }, org, "carol"),
    deletes: [],
  });
  await succeeding(() => createConfigmap(alice, dev, "cm"));
  const kubectl = async (token: string, ...args: readonly string[]) => {
    const where = [`--server=${bare.kcp.url}/clusters/${dev}`, "--insecure-skip-tls-verify", "--kubeconfig=/dev/null"];
    const cache = `--cache-dir=${join(folder, "cache")}`;
    const { stdout } = await promisify(execFile)(await obtain("kubectl"), [
      ...where,
      cache,
      `--token=${token}`,
      ...args,
    ]);
    return stdout;
  };
  const { tokens } = bare.kcp;
  expect(await kubectl(tokens.alice, "get", "configmaps", "cm", "-o", "name")).toBe("configmap/cm\n");
  expect(await kubectl(tokens.alice, "get", "configmaps", "-A", "-o", "name")).toContain("configmap/cm");
  expect(await kubectl(tokens.alice, "auth", "whoami")).toContain("alice");
  expect(await kubectl(tokens.alice, "auth", "can-i", "create", "configmaps")).toBe("yes\n");
  await expect(kubectl(tokens.bob, "get", "configmaps")).rejects.toThrow();
});

test("decisions 32: who is made a member works there and not above, and is out within 5 s of being removed", async () => {
  const key = { cluster: await idOf(acme), name: "dev" };
  await expect(list(bob, dev)).rejects.toMatchObject(forbidden);
  await fga.write({ store, writes: roleTuples(key, "member", fgaUser("bob")), deletes: [] });
  expect(await succeeding(() => list(bob, dev), 5_000)).not.toEqual([]);
  await expect(createConfigmap(bob, dev, "his")).rejects.toMatchObject(forbidden);
  await expect(list(bob, acme)).rejects.toMatchObject(forbidden);
  await fga.write({ store, writes: [], deletes: [assignment(key, "member", fgaUser("bob"))] });
  const seen = await eventually(
    () => list(bob, dev).catch((error: unknown) => error),
    (answer) => !Array.isArray(answer),
    5_000,
  );
  expect(seen).toMatchObject(forbidden);
});

test("decisions 32 and 33: an owner by OpenFGA writes no status, no AccountInfo and no RBAC", async () => {
  const target = { cluster: acme, name: "dev" };
  const status = { status: { observedGeneration: 7 } };
  await expect(alice.mergePatch(kinds.Account, { ...target, subresource: "status" }, status)).rejects.toMatchObject(
    forbidden,
  );
  const info = { cluster: dev, name: infoName };
  await expect(alice.mergePatch(kinds.AccountInfo, info, { metadata: { labels: { a: "b" } } })).rejects.toMatchObject(
    forbidden,
  );
  const binding = {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRoleBinding",
    metadata: { name: "own" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
    subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "alice" }],
  };
  await expect(alice.create<KubeObject>(bindings, dev, binding)).rejects.toMatchObject(forbidden);
  // And what she may, next to it.
  await alice.mergePatch(kinds.Account, target, { spec: { displayName: "Dev" } });
});

test("a ServiceAccount of an account works there with its role, and nowhere else", async () => {
  const body = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "ci" } };
  await alice.request({ method: "POST", cluster: dev, path: serviceAccounts, body });
  const ci = bare.as(await tokenOfCi());
  await expect(createConfigmap(ci, dev, "by-ci")).rejects.toMatchObject(forbidden);
  const user = fgaUser("system:serviceaccount:default:ci", await idOf(dev));
  await fga.write({
    store,
    writes: roleTuples({ cluster: await idOf(acme), name: "dev" }, "owner", user),
    deletes: [],
  });
  await succeeding(() => createConfigmap(ci, dev, "by-ci"), 5_000);
  await expect(list(ci, acme)).rejects.toMatchObject(forbidden);
  ci.close();
});

test("an account binds the APIs that are shared with it", async () => {
  const provider = "root:providers";
  const exported = {
    apiVersion: "apis.kcp.io/v1alpha2",
    kind: "APIExport",
    metadata: { name: "db.example" },
    spec: {},
  };
  const exports: Resource = { group: "apis.kcp.io", version: "v1alpha2", plural: "apiexports" };
  await admin.create<KubeObject>(exports, provider, exported);
  const bind = () =>
    binder.create<APIBinding>(kinds.APIBinding, dev, {
      apiVersion: "apis.kcp.io/v1alpha2",
      kind: "APIBinding",
      metadata: { name: "db" },
      spec: { reference: { export: { path: provider, name: "db.example" } } },
    });
  // A user whom the workspace itself knows, as those of its own issuer: kcp tells the webhook which workspace binds.
  const binder = bare.as(await tokenOfCi());
  await expect(bind()).rejects.toMatchObject(forbidden);
  const user = `apis_kcp_io_apiexport:${await idOf(provider)}/db.example`;
  const object = `core_platform-mesh_io_account:${await idOf(acme)}/dev`;
  await fga.write({ store, writes: [{ user, relation: "bind", object }], deletes: [] });
  await succeeding(bind, 5_000);
  binder.close();
});

test("decisions 40: pm admission alone, which reads kcp itself, answers the same as pm run", async () => {
  const [port = 0] = await freePorts(1);
  const alone = new Product({
    command: "admission",
    kubeconfig: bare.operatorFile,
    logFile: join(bare.folder, "pm-admission.log"),
    args: [
      "--no-webhooks-enabled",
      "--authorization-webhook-enabled",
      `--authorization-webhook-port=${port}`,
      `--authorization-webhook-cert-dir=${join(folder, "certificates")}`,
      ...fgaFlags(),
    ],
  });
  await alone.start();
  const review = (user: string, cluster: string) => ({
    apiVersion: "authorization.k8s.io/v1",
    kind: "SubjectAccessReview",
    spec: {
      user,
      extra: { "authorization.kcp.io/cluster-name": [cluster] },
      resourceAttributes: { verb: "list", version: "v1", resource: "configmaps" },
    },
  });
  for (const user of ["alice", "bob"]) {
    for (const path of [acme, dev]) {
      const body = JSON.stringify(review(user, await idOf(path)));
      const [asRun, asAlone] = await Promise.all([runPort, port].map((at) => postReview(at, { path: "/authz", body })));
      expect(JSON.parse(asAlone?.text ?? "").status).toEqual(JSON.parse(asRun?.text ?? "").status);
      expect(JSON.parse(asAlone?.text ?? "").status.allowed).toBe(user === "alice");
    }
  }
  expect(await alone.stop()).toBe(0);
});

test("pm can says the same, and why", async () => {
  const can = (...argv: readonly string[]) =>
    bare.pm("can", ...argv, `-w=${dev}`, `--kubeconfig=${bare.kcp.adminKubeconfig}`, "--context=base", ...fgaFlags());
  expect(await can("alice", "create", "configmaps", "-n", "default")).toMatchObject({ code: 0 });
  const { code, out } = await can("bob", "get", "accounts");
  expect(code).toBe(1);
  expect(out).toContain(`needed   member of ${dev}`);
});

test("elsewhere the webhook has no opinion, and it could answer whatever kcp asked", async () => {
  await expect(list(alice, "root:providers")).rejects.toMatchObject(forbidden);
  expect(await product.metric('account_functions_authorizations_total{result="allowed"')).toBeGreaterThan(0);
  expect(await product.metric('account_functions_authorizations_total{result="error"')).toBe(0);
});

test("while OpenFGA is away users get 403 and no hang, and who has RBAC works on", async () => {
  await openFga.kill();
  const seen = await eventually(
    () => list(alice, dev).catch((error: unknown) => error),
    (answer) => !Array.isArray(answer),
  );
  expect(seen).toMatchObject(forbidden);
  expect(await list(admin, dev)).not.toEqual([]);
});
