import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { KubeObject } from "../../shared/kcp/objects.ts";
import { BareKcp } from "../../test/bare-kcp.ts";
import { Product } from "../../test/e2e/product.ts";
import { OrgWorkspaces } from "../../test/org-workspaces.ts";
import { writeServerCertificate } from "../../test/server-certificate.ts";
import { freePorts } from "../../tools/ports.ts";
import { admissionObjects } from "../bootstrap/admission.ts";
import { type Manifest, resourceOf } from "../bootstrap/manifests.ts";

const system = "root:platform-mesh-system";
const webhooks = [
  "MutatingWebhookConfiguration account-operator.webhooks.core.platform-mesh.io in root:platform-mesh-system",
  "ValidatingWebhookConfiguration organization-validator.webhooks.core.platform-mesh.io in root:platform-mesh-system",
];

let bare: BareKcp;
let product: Product | undefined;
beforeAll(async () => {
  bare = await BareKcp.start();
  expect(await bare.bootstrap("--admission=none")).toMatchObject({ code: 0 });
});
afterAll(async () => {
  await product?.stop();
  await bare?.stop();
});

const uninstall = async (...flags: readonly string[]) => {
  const { code, out, err } = await bare.pm("uninstall", `--kubeconfig=${bare.kcp.adminKubeconfig}`, ...flags);
  expect(code, err).toBe(0);
  return out;
};
const live = (manifest: Manifest) =>
  bare.admin.read(resourceOf(manifest), { cluster: system, name: manifest.metadata.name });
const securityType = () =>
  bare.admin.read<KubeObject & { readonly spec?: unknown }>(
    { group: "tenancy.kcp.io", version: "v1alpha1", plural: "workspacetypes" },
    { cluster: "root", name: "security" },
  );

/** `pm run` with webhooks, and security on: all that an uninstallation takes away. */
async function install(): Promise<void> {
  const folder = join(bare.folder, "certificates");
  await writeServerCertificate(folder);
  const [port = 0] = await freePorts(1);
  product = new Product({
    kubeconfig: bare.operatorFile,
    logFile: join(bare.folder, "pm-run.log"),
    args: ["--bus=memory", "--webhooks-enabled", `--webhooks-port=${port}`, `--webhooks-cert-dir=${folder}`],
  });
  await product.start();
  const flags = [`--webhook-url=https://localhost:${port}`, `--webhook-ca=${join(folder, "tls.crt")}`];
  expect(await bare.bootstrap("--security=on", ...flags)).toMatchObject({ code: 0 });
  // Nobody serves what now comes to wait.
  await product.stop();
}

test("a kcp that was never set up needs nothing", async () => {
  expect(await uninstall()).toBe("nothing in kcp waits for the functions\n");
});

test("decisions 42: removes webhooks, initializer, terminator and marks; all else in kcp stays", async () => {
  await install();
  const orgs = await OrgWorkspaces.open(bare.operatorFile);
  try {
    const acme = await orgs.make("acme");
    await orgs.untilOurs(acme);
    const report = {
      removed: webhooks.toReversed(),
      switchedOff: ["WorkspaceType security in root"],
      released: ["root:orgs:acme"],
      left: [],
    };
    expect(JSON.parse(await uninstall("--dry-run", "-o", "json"))).toEqual(report);
    expect(await securityType()).toMatchObject({ spec: { initializer: true } });

    expect(JSON.parse(await uninstall("-o", "json"))).toEqual(report);
    const { webhook } = await admissionObjects();
    expect(await Promise.all(webhook.map(live))).toEqual([undefined, undefined]);
    expect(await securityType()).toMatchObject({ spec: { initializer: false, terminator: false } });
    expect(await orgs.ready("acme")).toMatchObject({ status: { phase: "Ready" } });
    const apiExport = { apiVersion: "apis.kcp.io/v1alpha2", kind: "APIExport" };
    expect(await live({ ...apiExport, metadata: { name: "core.platform-mesh.io" } })).toBeDefined();
  } finally {
    orgs.close();
  }
});

test("again it finds nothing, and bootstrap takes it back", async () => {
  expect(await uninstall()).toBe("nothing in kcp waits for the functions\n");
  expect(await bare.bootstrap("--security=on", "--admission=none")).toMatchObject({ code: 0 });
  expect(await securityType()).toMatchObject({ spec: { initializer: true } });
});

test("what others made under these names is left alone, and named", async () => {
  const { webhook } = await admissionObjects();
  const [mutating] = webhook;
  if (!mutating) throw new Error("deploy/kcp/webhooks has no webhook");
  await bare.admin.apply(
    resourceOf(mutating),
    system,
    { apiVersion: mutating.apiVersion, kind: mutating.kind, metadata: { name: mutating.metadata.name } },
    { fieldManager: "somebody-else" },
  );
  expect(await uninstall()).toContain(`${webhooks[0]}: left alone, somebody else made it`);
  expect(await live(mutating)).toBeDefined();
});
