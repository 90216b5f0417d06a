import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Deps, validateAccount } from "../../functions/validate-account/index.ts";
import { decodeReview } from "../../functions/validate-account/review.ts";
import { type AdmissionCase, admissionCases, chosen, type Given } from "../../functions/validate-account/test-cases.ts";
import { ApiError } from "../../shared/kcp/client.ts";
import { apiVersionOf, kinds } from "../../shared/kcp/kinds.ts";
import type { Account } from "../../shared/kcp/objects.ts";
import type { Client } from "../../shared/kcp/rest.ts";
import { nameProblem } from "../../shared/naming.ts";
import { defaultSettings } from "../../shared/settings.ts";
import { BareKcp, eventually, succeeding } from "../../test/bare-kcp.ts";
import { Product } from "../../test/e2e/product.ts";
import { writeServerCertificate } from "../../test/server-certificate.ts";
import { freePorts } from "../../tools/ports.ts";
import { createLimit } from "../limit.ts";
import { resourceOf, systemWorkspace } from "./manifests.ts";

const paths = { orgs: "root:orgs", acme: "root:orgs:acme", deep: "root:orgs:acme:deep" } as const;
const adminGroup = "system:kcp:admin";
const settings = { ...defaultSettings, ...chosen, creatorAdminGroup: adminGroup };
const ruleFlags = [
  `--webhooks-deny-list=${chosen.deniedOrgNames.join(",")}`,
  `--webhooks-additional-account-types=${chosen.additionalAccountTypes.join(",")}`,
  `--creator-admin-group=${adminGroup}`,
];
const handled = { "debug.platform-mesh.io": "handled" };

let bare: BareKcp;
let alice: Client;
let product: Product;
let webhookFlags: readonly string[];

beforeAll(async () => {
  bare = await BareKcp.start();
  expect(await bare.bootstrap("--admission=none")).toMatchObject({ code: 0 });
  alice = bare.as(bare.kcp.tokens.alice);
  const certificates = join(bare.folder, "certificates");
  const ca = await writeServerCertificate(certificates);
  const [port = 0] = await freePorts(1);
  webhookFlags = [`--webhook-url=https://localhost:${port}`, `--webhook-ca=${ca}`];
  const serving = ["--webhooks-enabled", `--webhooks-port=${port}`, `--webhooks-cert-dir=${certificates}`];
  product = new Product({
    kubeconfig: bare.operatorFile,
    logFile: join(bare.folder, "pm-run.log"),
    args: ["--bus=memory", ...serving, ...ruleFlags, "--debug-label-value=handled"],
  });
  await product.start();
  // Only these two get workspaces; the functions look at no other.
  await makeReady(paths.orgs, "acme", "org");
  await makeReady(paths.acme, "deep", "account");
  for (const path of Object.values(paths)) await grant(path);
  for (const [index, { before }] of admissionCases.entries()) if (before) await store(nameOf(index, before), before);
});
afterAll(async () => {
  await product?.stop();
  alice?.close();
  await bare?.stop();
});

const account = (name: string, { type = "org", creator }: Given, metadata: object = {}) => ({
  apiVersion: apiVersionOf(kinds.Account),
  kind: "Account" as const,
  metadata: { ...(name ? { name } : { generateName: "generated-" }), ...metadata },
  spec: { type, displayName: "of a test", ...(creator !== undefined && { creator }) },
});

async function makeReady(parent: string, name: string, type: string): Promise<void> {
  const body = account(name, { type }, { labels: handled });
  await succeeding(() => bare.admin.create(kinds.Account, parent, { ...body, metadata: { ...body.metadata, name } }));
  const phase = async () =>
    (await bare.admin.read<Account>(kinds.Account, { cluster: parent, name }))?.status?.phase === "Ready";
  expect(await eventually(phase, Boolean, 60_000)).toBe(true);
}

/** Lets alice work with Accounts there. */
async function grant(path: string): Promise<void> {
  const rbac = { apiVersion: "rbac.authorization.k8s.io/v1" };
  const metadata = { name: "alice" };
  const rules = [
    { apiGroups: [kinds.Account.group], resources: ["accounts"], verbs: ["*"] },
    { nonResourceURLs: ["/"], verbs: ["access"] },
  ];
  const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "alice" };
  const subjects = [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "alice" }];
  const objects = [
    { ...rbac, kind: "ClusterRole", metadata, rules },
    { ...rbac, kind: "ClusterRoleBinding", metadata, roleRef, subjects },
  ];
  for (const object of objects) await bare.admin.create(resourceOf(object), path, object);
}

const nameOf = (index: number, { name }: Given): string => name ?? `changed-${index}`;

/** What a case changes, as it was before anybody was asked. */
async function store(name: string, before: Given): Promise<void> {
  const finalizers = before.isDeleting ? { finalizers: ["test.example.org/held"] } : {};
  const body = account(name, before, finalizers);
  await bare.admin.create(kinds.Account, paths.orgs, { ...body, metadata: { ...body.metadata, name } });
  if (before.isDeleting) await bare.admin.delete(kinds.Account, { cluster: paths.orgs, name });
}

/** Asks kcp without storing anything; answers the words of admission, "" when it lets the write in. */
async function told(one: AdmissionCase, index: number): Promise<string> {
  const client = one.by === "support" ? bare.admin : alice;
  const collection = `/apis/${apiVersionOf(kinds.Account)}/accounts`;
  const { before, given } = one;
  const name = before ? nameOf(index, before) : (given.name ?? "new");
  const body = account(name, given, { labels: { touched: "yes" } });
  const spec = { ...body.spec, creator: given.creator ?? null };
  const request = before
    ? {
        method: "PATCH",
        path: `${collection}/${name}?dryRun=All`,
        contentType: "application/merge-patch+json",
        body: { metadata: { labels: { touched: "yes" } }, spec },
      }
    : { method: "POST", path: `${collection}?dryRun=All`, body };
  try {
    await client.request({ cluster: paths[given.workspace ?? "orgs"], ...request });
    return "";
  } catch (error) {
    return wordsIn(error);
  }
}

function wordsIn(error: unknown): string {
  // Only what admission lets in is looked for in the storage.
  if (error instanceof ApiError && error.reason === "AlreadyExists") return "";
  const [, words] = /denied (?:the )?request: (.*)$/s.exec(String(error)) ?? [];
  if (words === undefined) throw error;
  return words;
}

/** What the function itself says in the same words; "" when it lets the write in. */
async function expectedOf({ before, given, by }: AdmissionCase, index: number): Promise<string> {
  const name = before ? nameOf(index, before) : (given.name ?? "new");
  const workspace = given.workspace ?? "orgs";
  const object = (one: Given) => {
    const deletionTimestamp = one.isDeleting ? "2026-01-01T00:00:00Z" : undefined;
    return account(name || "generated", one, { annotations: { "kcp.io/cluster": workspace }, deletionTimestamp });
  };
  const request = {
    uid: "u",
    operation: before ? "UPDATE" : "CREATE",
    userInfo: by === "support" ? { username: "kcp-admin", groups: [adminGroup] } : { username: "alice" },
    object: object(given),
    oldObject: before && object(before),
  };
  const review = { apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", request };
  const deps: Deps = { settings, pathOf: async (cluster) => paths[cluster as keyof typeof paths], policies: [] };
  const verdict = await validateAccount(decodeReview(new TextEncoder().encode(JSON.stringify(review))), deps);
  return verdict.refusal ?? "";
}

const inForce = (kind: string): Promise<readonly { readonly metadata: { readonly name: string } }[]> =>
  bare.admin.readAll(resourceOf({ apiVersion: "admissionregistration.k8s.io/v1", kind }), { cluster: systemWorkspace });
const finding = async () => {
  const { out } = await bare.pm(
    "doctor",
    "ADMISSION",
    ...[`--kubeconfig=${bare.operatorFile}`, `--admin-kubeconfig=${bare.kcp.adminKubeconfig}`, "-o", "json"],
  );
  return JSON.parse(out)[0];
};
const report = async (...flags: readonly string[]) => {
  const { code, out, err } = await bare.bootstrap(...flags, "-o", "json");
  expect(code, err).toBe(0);
  return JSON.parse(out);
};
const inSystem = (kind: string, name: string) => `${kind} ${name} in ${systemWorkspace}`;
const ofPolicy = [
  inSystem("ValidatingAdmissionPolicy", "accounts"),
  inSystem("ValidatingAdmissionPolicyBinding", "accounts"),
];
const ofWebhooks = [
  inSystem("MutatingWebhookConfiguration", "account-operator.webhooks.core.platform-mesh.io"),
  inSystem("ValidatingWebhookConfiguration", "organization-validator.webhooks.core.platform-mesh.io"),
];

test("without admission, doctor says that nobody refuses anything", async () => {
  expect(await finding()).toMatchObject({
    level: "WARN",
    message: expect.stringContaining("nobody refuses"),
    fix: "pm bootstrap",
  });
  expect(await told({ title: "", given: { name: "ab" } }, 0)).toBe("");
});

describe("decisions 28: by a policy", () => {
  let isThere = false;
  beforeEach(async () => {
    if (!isThere) expect((await report(...ruleFlags)).created).toEqual(ofPolicy);
    isThere = true;
  });

  test.each(admissionCases.map((one, index) => [one.title, one, index] as const))("%s", async (_, one, index) => {
    expect(await told(one, index)).toBe(one.isWebhooksAlone ? "" : await expectedOf(one, index));
  });

  test("the creator is not filled in", async () => {
    const { spec } = await alice.request<Account>({
      method: "POST",
      cluster: paths.orgs,
      path: `/apis/${apiVersionOf(kinds.Account)}/accounts?dryRun=All`,
      body: account("new", {}),
    });
    expect(spec.creator).toBeUndefined();
  });

  test("pm account create names the user, so that the creator is known all the same", async () => {
    const args = ["account", "create", "by-command", `--kubeconfig=${bare.kcp.adminKubeconfig}`, "-w", paths.orgs];
    const { code, out, err } = await bare.pm(...args, "-o", "json");
    expect(code, err).toBe(0);
    expect(JSON.parse(out).spec.creator).toBe("kcp-admin");
  });

  test("names are judged as the functions judge them, whatever they are", async () => {
    // What kcp itself takes as the name of an object.
    const part = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,6}[a-z0-9])?$/);
    const parts = fc.array(part, { minLength: 1, maxLength: 9 });
    const name = fc.tuple(parts, fc.constantFrom("", "-", "--", ".")).map(([each, between]) => each.join(between));
    const long = fc.integer({ min: 53, max: 66 }).map((length) => "a".repeat(length));
    const some = fc.oneof(
      { weight: 6, arbitrary: name },
      { weight: 2, arbitrary: long },
      { weight: 2, arbitrary: fc.constantFrom("orgs", "welcome", "master", "admin", "admins", "a", "ab", "1", "1a") },
    );
    const given = fc.tuple(some, fc.constantFrom("org", "account", "partner"));
    const limit = createLimit(8);
    const judged = fc.sample(given, { numRuns: 60, seed: 28 }).map(([name, type]) =>
      limit(async () => {
        const one = { title: "", given: { name, type } };
        expect([name, type, await told(one, 0)]).toEqual([name, type, nameProblem(type, name, settings) ?? ""]);
      }),
    );
    await Promise.all(judged);
  });

  test("doctor tries it", async () => {
    expect(await finding()).toMatchObject({ level: "OK", message: "Accounts are checked by the policy" });
  });

  test("other rules differ, and --upgrade takes them over", async () => {
    const others = [...ruleFlags.slice(1), '--webhooks-deny-list=quo"te,admin'];
    const plain = await bare.bootstrap(...others, "-o", "json");
    expect(plain.code).toBe(1);
    expect(JSON.parse(plain.out).differing).toEqual(ofPolicy.slice(0, 1));
    const preview = await bare.bootstrap(...others, "--upgrade", "--dry-run");
    expect(preview.out).toBe(`differs: ${ofPolicy[0]}: spec.validations[5].expression\n`);
    expect((await report(...others, "--upgrade")).changed).toEqual(ofPolicy.slice(0, 1));
    expect((await report(...ruleFlags, "--upgrade")).changed).toEqual(ofPolicy.slice(0, 1));
  });
});

describe("002-F20 to F23 by webhooks", () => {
  let isThere = false;
  beforeEach(async () => {
    if (isThere) return;
    expect(await report(...webhookFlags)).toMatchObject({ created: ofWebhooks, removed: ofPolicy.toReversed() });
    isThere = true;
  });

  test.each(admissionCases.map((one, index) => [one.title, one, index] as const))("%s", async (_, one, index) => {
    expect(await told(one, index)).toBe(await expectedOf(one, index));
  });

  test("the creator is filled in", async () => {
    const { spec } = await alice.request<Account>({
      method: "POST",
      cluster: paths.orgs,
      path: `/apis/${apiVersionOf(kinds.Account)}/accounts?dryRun=All`,
      body: account("new", {}),
    });
    expect(spec.creator).toBe("alice");
  });

  test("another run without flags leaves the webhooks as they are", async () => {
    expect(await report()).toMatchObject({ created: [], changed: [], removed: [], differing: [] });
    expect(await finding()).toMatchObject({ level: "OK", message: "Accounts are checked by the webhooks" });
  });
});

describe("from one to the other, and to none", () => {
  test("a server that is gone is found by doctor, and replaced by the policy", async () => {
    await product.stop();
    expect(await finding()).toMatchObject({
      level: "FAIL",
      message: expect.stringContaining("failed calling webhook"),
    });
    const done = await report(...ruleFlags, "--admission=policy");
    expect(done).toMatchObject({ created: ofPolicy, removed: ofWebhooks.toReversed() });
    expect(await finding()).toMatchObject({ level: "OK", message: "Accounts are checked by the policy" });
  });

  test("--admission=none tells what is there, and removes it with --upgrade only", async () => {
    const plain = await bare.bootstrap("--admission=none", "-o", "json");
    expect(plain.code).toBe(1);
    expect(JSON.parse(plain.out).differing).toEqual(ofPolicy.toReversed());
    expect(await inForce("ValidatingAdmissionPolicy")).toHaveLength(1);
    const preview = await bare.bootstrap("--admission=none", "--upgrade", "--dry-run");
    expect(preview.out).toBe(
      ofPolicy
        .toReversed()
        .map((name) => `unwanted: ${name}\n`)
        .join(""),
    );
    expect((await report("--admission=none", "--upgrade")).removed).toEqual(ofPolicy.toReversed());
    expect(await inForce("ValidatingAdmissionPolicy")).toEqual([]);
    expect(await report("--admission=none")).toMatchObject({ created: [], removed: [], differing: [] });
  });

  test("what others made under these names is left to them", async () => {
    const object = {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "ValidatingAdmissionPolicyBinding",
      metadata: { name: "accounts" },
      spec: { policyName: "another", validationActions: ["Audit"] },
    };
    await bare.admin.create(resourceOf(object), systemWorkspace, object);
    const plain = await bare.bootstrap("--admission=none", "--upgrade");
    expect(plain.code).toBe(1);
    expect(plain.out).toContain(`unwanted: ${ofPolicy[1]}: others made it: delete it by hand`);
    expect(await finding()).toMatchObject({ level: "WARN", message: expect.stringContaining("incomplete without") });
    await bare.admin.delete(resourceOf(object), { cluster: systemWorkspace, name: "accounts" });
  });
});

test.each([
  [["--admission=webhook"], "--admission=webhook needs --webhook-url and --webhook-ca"],
  [["--admission=perhaps"], '"perhaps" is not one of webhook, policy, none'],
])("%j is no choice", async (flags, text) => {
  expect(await bare.bootstrap(...flags)).toMatchObject({ code: 2, err: expect.stringContaining(text) });
});

test("a policy takes no server", async () => {
  const { code, err } = await bare.bootstrap("--admission=policy", ...webhookFlags);
  expect(code).toBe(2);
  expect(err).toContain("--admission=policy takes no --webhook-url");
});
