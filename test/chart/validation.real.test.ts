import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadAll } from "js-yaml";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { foreignCrds } from "../../tools/charts/foreign-crds.ts";
import { servingManifests } from "../../tools/knative/manifests.ts";
import { startApiServer, type ValidationServer } from "../../tools/knative/validation-server.ts";
import { obtain } from "../../tools/obtain.ts";
import { chartFolder, helm, objectsIn, ofSet, template, valueSets, valuesFile } from "./helm.ts";
import { input } from "./input.ts";
import { writeSchemas } from "./schemas.ts";

const job = "account-functions-bootstrap";
const cleanup = new AsyncDisposableStack();
let server: ValidationServer;
let schemas: string;

/** Published definitions that are read and never copied. */
const eventing = ["broker", "trigger", "sinkbinding"].map((kind) =>
  fileURLToPath(new URL(`../../../shared/data/knative-eventing-${kind}-crd.yaml`, import.meta.url)),
);

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), "chart-"));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const crdFiles = [...eventing, await foreignCrds()];
  server = await startApiServer({ folder, cleanup, crdFiles });
  await server.kubectl(["create", "namespace", "mesh"]);
  const files = await Promise.all(crdFiles.map((file) => readFile(file, "utf8")));
  const crds = [...files.flatMap((text) => loadAll(text)), ...(await servingManifests())].filter(isDefinition);
  schemas = await writeSchemas(join(folder, "schemas"), server.kubectl, crds);
});
afterAll(() => cleanup.disposeAsync());

const isDefinition = (object: unknown): boolean =>
  typeof object === "object" && object !== null && "kind" in object && object.kind === "CustomResourceDefinition";

describe.each(Object.keys(valueSets))("decisions 44: what %s installs", (set) => {
  test("a real API server takes, with the webhook of Knative Serving", async () => {
    const args = ["apply", "--server-side", "--dry-run=server", "--validate=strict", "--namespace=mesh", "-f", "-"];
    await server.kubectl(args, await template(ofSet(set)));
  });

  test("is right by kubeconform", async () => {
    const args = ["-strict", "-summary", "-output=text", `-schema-location=${schemas}`, "-"];
    const out = await input(await obtain("kubeconform"), args, await template(ofSet(set)));
    expect(out).toMatch(/Invalid: 0, Errors: 0, Skipped: 0/);
  });
});

test("kubeconform sees what is wrong", async () => {
  const text = (await template(ofSet("knative"))).replace("kind: Trigger", "kind: Trigger\nnonsense: true");
  const args = ["-strict", "-summary", `-schema-location=${schemas}`, "-"];
  await expect(input(await obtain("kubeconform"), args, text)).rejects.toThrow(/Trigger .* is invalid.*nonsense/s);
});

test("the bootstrap Job's rights are enough to leave the functions' kubeconfig, and for no other Secret", async () => {
  const rights = objectsIn(await template(ofSet("everything"))).filter(
    ({ kind, metadata }) => metadata.name === job && kind !== "NetworkPolicy",
  );
  expect(rights.map(({ kind }) => kind).toSorted()).toEqual(["Role", "RoleBinding", "ServiceAccount"]);
  await server.kubectl(["create", "namespace", "rights"]);
  const binding = (text: string) => text.replaceAll('"namespace":"mesh"', '"namespace":"rights"');
  const apply = ["apply", "--server-side", "--namespace=rights", "-f", "-"];
  await server.kubectl(apply, binding(JSON.stringify({ apiVersion: "v1", kind: "List", items: rights })));
  const secret = (name: string, text: string) =>
    JSON.stringify({ apiVersion: "v1", kind: "Secret", metadata: { name }, data: { kubeconfig: btoa(text) } });
  const asJob = [...apply, `--as=system:serviceaccount:rights:${job}`];
  for (const text of ["first", "second"]) await server.kubectl(asJob, secret("account-operator-kubeconfig", text));
  await server.kubectl(apply, secret("other", "first"));
  await expect(server.kubectl(asJob, secret("other", "second"))).rejects.toThrow(/forbidden/);
});

describe("a release", () => {
  const install = (verb: "install" | "upgrade", set: string, ...flags: readonly string[]) =>
    helm(
      ...[verb, "account-functions", chartFolder(), "--namespace=mesh", `--kubeconfig=${server.kubeconfig}`],
      ...[`--values=${valuesFile(set)}`, ...flags],
    );

  test("says in its notes what is still to be done", async () => {
    expect(await install("install", "default", "--dry-run=server")).toContain("kubeconfigSecret is empty");
    expect(await install("install", "knative", "--dry-run=server")).toContain(
      "kubectl create secret generic account-operator-kubeconfig -n mesh",
    );
    expect(await install("install", "everything", "--dry-run=server")).toContain(
      "pm authorization-config --url https://",
    );
  });

  test("goes from one process to functions and back, and leaves nothing", async () => {
    await install("install", "default");
    await install("upgrade", "knative");
    await install("upgrade", "everything");
    await install("upgrade", "nats");
    await helm("uninstall", "account-functions", "--namespace=mesh", `--kubeconfig=${server.kubeconfig}`, "--no-hooks");
    const kinds = "deployments,services,services.serving.knative.dev,triggers,brokers,secrets,configmaps,jobs";
    const left = await server.kubectl(["get", kinds, "--namespace=mesh", "-o=name"]);
    expect(left.split("\n").filter((name) => name && name !== "configmap/kube-root-ca.crt")).toEqual([]);
  });
});
