import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dump } from "js-yaml";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startApiServer, type ValidationServer } from "./validation-server.ts";

const cleanup = new AsyncDisposableStack();
let server: ValidationServer;

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), "validation-"));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const crdFile = join(folder, "widgets.yaml");
  await writeFile(crdFile, dump(widgets));
  server = await startApiServer({ folder, cleanup, crdFiles: [crdFile] });
});
afterAll(() => cleanup.disposeAsync());

const widgets = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "widgets.example.dev" },
  spec: {
    group: "example.dev",
    names: { kind: "Widget", plural: "widgets" },
    scope: "Namespaced",
    versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object" } } }],
  },
};

const dryRun = (object: object) =>
  server.kubectl(["apply", "--server-side", "--dry-run=server", "-o", "json", "-f", "-"], JSON.stringify(object));

const service = (container: object) => ({
  apiVersion: "serving.knative.dev/v1",
  kind: "Service",
  metadata: { name: "hello", namespace: "default" },
  spec: { template: { spec: { containers: [{ image: "dev.local/hello:1", ...container }] } } },
});

test("a Knative Service gets the defaults of Serving's own webhook", async () => {
  expect(server.hasWebhook).toBe(process.getuid?.() === 0);
  const { spec } = JSON.parse(await dryRun(service({})));
  if (server.hasWebhook) expect(spec.template.spec).toMatchObject({ timeoutSeconds: 300, containerConcurrency: 0 });
});

test.each([
  ["a field that does not exist", { nonsense: true }, /nonsense/],
  ["two ports", { ports: [{ containerPort: 1 }, { containerPort: 2 }] }, /more than one container port|ports/],
])("a Knative Service with %s is refused", async (_what, container, why) => {
  if (!server.hasWebhook && "ports" in container) return;
  await expect(dryRun(service(container))).rejects.toThrow(why);
});

test("knows the kinds that its caller brings along, and Kubernetes' own", async () => {
  await dryRun({ apiVersion: "example.dev/v1", kind: "Widget", metadata: { name: "one", namespace: "default" } });
  const account = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "one", namespace: "default" } };
  await dryRun(account);
  await expect(dryRun({ ...account, metadata: { name: "Not_A_Name", namespace: "default" } })).rejects.toThrow(
    /Invalid/,
  );
});
