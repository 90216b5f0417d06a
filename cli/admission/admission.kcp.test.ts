import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { validatePath } from "../../eventing/admission/server.ts";
import { ApiError } from "../../shared/kcp/client.ts";
import { kinds } from "../../shared/kcp/kinds.ts";
import { loadKubeconfig } from "../../shared/kcp/kubeconfig.ts";
import type { Account } from "../../shared/kcp/objects.ts";
import { type Client, createClient } from "../../shared/kcp/rest.ts";
import { BareKcp, eventually } from "../../test/bare-kcp.ts";
import { Product } from "../../test/e2e/product.ts";
import { postReview } from "../../test/post-review.ts";
import { writeServerCertificate } from "../../test/server-certificate.ts";
import { freePorts } from "../../tools/ports.ts";

const orgs = "root:orgs";

let bare: BareKcp;
let admin: Client;
let admission: Product;
let port: number;
let ca: string;
beforeAll(async () => {
  bare = await BareKcp.start();
  await bare.bootstrap("--admission=none");
  admin = createClient({ config: await loadKubeconfig({ file: bare.kcp.adminKubeconfig, context: "base" }) });
  const certificates = join(bare.folder, "certificates");
  ca = await writeServerCertificate(certificates);
  [port = 0] = await freePorts(1);
  admission = new Product({
    command: "admission",
    kubeconfig: bare.operatorFile,
    logFile: join(bare.folder, "pm-admission.log"),
    args: [`--webhooks-port=${port}`, `--webhooks-cert-dir=${certificates}`, "--webhooks-deny-list=forbidden"],
  });
  await admission.start();
});
afterAll(async () => {
  await admission?.stop();
  admin?.close();
  await bare?.stop();
});

const create = (cluster: string, name: string, type: string) =>
  admin.create<Account>(kinds.Account, cluster, {
    apiVersion: "core.platform-mesh.io/v1alpha1",
    kind: "Account",
    metadata: { name },
    spec: { type, displayName: name },
  });

test("decisions 40: kcp asks it over TLS, with no function and no source beside it", async () => {
  const { code, err } = await bare.bootstrap(`--webhook-url=https://localhost:${port}`, `--webhook-ca=${ca}`);
  expect(code, err).toBe(0);
  // kcp hears of a registration a moment later.
  const refused = await eventually(
    () =>
      create(orgs, "ab", "org").then(
        () => admin.delete(kinds.Account, { cluster: orgs, name: "ab" }),
        (error: unknown) => error,
      ),
    (answer) => answer instanceof ApiError,
  );
  expect(String(refused)).toContain('organization name "ab" is too short: use at least 3 characters');
});

test.each([
  ["a name that could never become a workspace type", "1st", "org", "must start with a letter"],
  ["a denied name", "forbidden", "org", "is reserved: choose another"],
  ["a type that nobody allowed", "trial", "trial", "use one of org, account"],
  ["an account outside any org", "dev", "account", "create it in the workspace of its org"],
])("decisions 40: it refuses %s", async (_, name, type, text) => {
  await expect(create(orgs, name, type)).rejects.toThrow(text);
});

test("001-F05 it fills in the creator", async () => {
  expect((await create(orgs, "acme", "org")).spec.creator).toBeTruthy();
});

test("it counts its verdicts by the names of pm run", async () => {
  expect(
    await admission.metric('account_operator_webhook_validations_total{operation="create",result="denied"'),
  ).toBeGreaterThan(0);
});

test("from SIGTERM on it is not ready, and still answers those who come, before it ends well", async () => {
  const stopped = admission.stop();
  const notReady = await eventually(
    () => admission.isReady().catch((error: unknown) => String(error)),
    (answer) => answer !== undefined,
  );
  expect(notReady).toMatch(/answers 503: not ready: shutting down/);
  const { code } = await postReview(port, { path: validatePath, body: "{}" });
  expect(code).toBe(400);
  expect(await stopped).toBe(0);
});
