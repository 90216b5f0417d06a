import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ApiError } from "../../shared/kcp/client.ts";
import { kinds } from "../../shared/kcp/kinds.ts";
import { loadKubeconfig } from "../../shared/kcp/kubeconfig.ts";
import type { Account } from "../../shared/kcp/objects.ts";
import { type Client, createClient } from "../../shared/kcp/rest.ts";
import { BareKcp, eventually, succeeding } from "../../test/bare-kcp.ts";
import { Product } from "../../test/e2e/product.ts";
import { writeServerCertificate } from "../../test/server-certificate.ts";
import { freePorts } from "../../tools/ports.ts";

const orgs = "root:orgs";
const acme = `${orgs}:acme`;

let bare: BareKcp;
let admin: Client;
let product: Product;
let url: string;
let ca: string;
beforeAll(async () => {
  bare = await BareKcp.start();
  await bare.bootstrap("--admission=none");
  admin = createClient({ config: await loadKubeconfig({ file: bare.kcp.adminKubeconfig, context: "base" }) });
  const certificates = join(bare.folder, "certificates");
  ca = await writeServerCertificate(certificates);
  const [port = 0] = await freePorts(1);
  url = `https://localhost:${port}`;
  const serving = ["--webhooks-enabled", `--webhooks-port=${port}`, `--webhooks-cert-dir=${certificates}`];
  const policy = ["--webhooks-deny-list=forbidden", "--creator-admin-group=system:kcp:admin", "--max-child-accounts=1"];
  product = new Product({
    kubeconfig: bare.operatorFile,
    logFile: join(bare.folder, "pm-run.log"),
    args: ["--bus=memory", ...serving, ...policy],
  });
});
afterAll(async () => {
  await product?.stop();
  admin?.close();
  await bare?.stop();
});

const account = (name: string, spec: { readonly type: string; readonly creator?: string }) => ({
  apiVersion: "core.platform-mesh.io/v1alpha1",
  kind: "Account" as const,
  metadata: { name },
  spec: { displayName: name, ...spec },
});
const create = (cluster: string, name: string, spec: Parameters<typeof account>[1]) =>
  admin.create<Account>(kinds.Account, cluster, account(name, spec));
const read = (name: string) => admin.read<Account>(kinds.Account, { cluster: orgs, name });
const isReady = async (name: string) => (await read(name))?.status?.phase === "Ready";

test("a server that does not answer is not registered, since every write of an Account would fail", async () => {
  const { code, err } = await bare.bootstrap(`--webhook-url=${url}`, `--webhook-ca=${ca}`, "--wait=1s");
  expect(code).toBe(1);
  expect(err).toContain(`the webhook server ${url} is not ready after 1 s`);
  expect(err).toContain("is pm run --webhooks-enabled running there");
  expect((await create(orgs, "ab", { type: "org" })).spec.creator).toBeUndefined();
  await admin.delete(kinds.Account, { cluster: orgs, name: "ab" });
});

test("002-F20 to F23 once it is registered, kcp asks it about Accounts in every workspace", async () => {
  await product.start();
  const { code, out, err } = await bare.bootstrap(`--webhook-url=${url}`, `--webhook-ca=${ca}`, "-o", "json");
  expect(code, err).toBe(0);
  expect(JSON.parse(out).created).toEqual([
    "MutatingWebhookConfiguration account-operator.webhooks.core.platform-mesh.io in root:platform-mesh-system",
    "ValidatingWebhookConfiguration organization-validator.webhooks.core.platform-mesh.io in root:platform-mesh-system",
  ]);
  // kcp hears of a registration a moment later.
  const refused = await eventually(
    () =>
      create(orgs, "ab", { type: "org" }).then(
        () => admin.delete(kinds.Account, { cluster: orgs, name: "ab" }),
        (error) => error,
      ),
    (answer) => answer instanceof ApiError,
  );
  expect(String(refused)).toContain('admission webhook "vaccount.kb.io" denied the request');
  expect(String(refused)).toContain('organization name "ab" is too short: use at least 3 characters');
});

test.each([
  ["a name that could never become a workspace type", orgs, "1st", { type: "org" }, "must start with a letter"],
  ["a denied name", orgs, "forbidden", { type: "org" }, "is reserved: choose another"],
  ["a type that nobody allowed", orgs, "trial", { type: "trial" }, "use one of org, account"],
  ["an account outside any org", orgs, "dev", { type: "account" }, "create it in the workspace of its org"],
])("refuses %s", async (_, cluster, name, spec, text) => {
  await expect(create(cluster, name, spec)).rejects.toThrow(text);
});

test("001-F05 fills in the creator, keeps it, and lets the admins' group name another", async () => {
  const { username } = await admin
    .request<{ status: { userInfo: { username: string } } }>({
      method: "POST",
      cluster: "root",
      path: "/apis/authentication.k8s.io/v1/selfsubjectreviews",
      body: { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" },
    })
    .then(({ status }) => status.userInfo);
  expect((await create(orgs, "acme", { type: "org" })).spec.creator).toBe(username);
  const target = { cluster: orgs, name: "acme" };
  await expect(admin.mergePatch(kinds.Account, target, { spec: { type: "account" } })).rejects.toThrow("cannot change");
  expect(await admin.mergePatch(kinds.Account, target, { spec: { creator: "sue" } })).toMatchObject({
    spec: { creator: "sue" },
  });
  expect(await eventually(() => isReady("acme"), Boolean)).toBe(true);
});

test("an account's place is looked up, and further limits hold", async () => {
  await expect(create(acme, "inner", { type: "org" })).rejects.toThrow("create it there, or use type account");
  await succeeding(() => create(acme, "dev", { type: "account" }));
  await expect(create(acme, "qa", { type: "account" })).rejects.toThrow("holds 1 accounts, and may hold 1");
});

test("while the server is away nothing new gets in, and deletion and status go on", async () => {
  const { metadata } = (await read("acme")) ?? { metadata: { finalizers: [] } };
  await product.stop();
  await expect(create(orgs, "beta", { type: "org" })).rejects.toThrow('failed calling webhook "maccount.kb.io"');
  const target = { cluster: orgs, name: "acme" };
  await admin.mergePatch(kinds.Account, target, { metadata: { labels: { any: "label" } } });
  await admin.delete(kinds.Account, target);
  await admin.mergePatch(kinds.Account, target, { metadata: { finalizers: metadata.finalizers ?? [] } });
  await product.start();
});
