import { afterAll, beforeAll, expect, test } from "vitest";
import { asArray, asString, at, type JsonObject } from "../json.ts";
import { soon, TestServer } from "../test-client.ts";

let server: TestServer;
let provider: string;
let consumer: string;
const exportsPath = "/apis/apis.kcp.io/v1alpha2/apiexports";
const things = "/apis/example.io/v1/things";
const merge = "application/merge-patch+json";

beforeAll(async () => {
  server = await TestServer.start({ users: [{ token: "eve", name: "eve" }] });
  provider = await workspace("provider");
  consumer = await workspace("consumer");
  await server.raw("POST", `/clusters/${provider}/apis/apis.kcp.io/v1alpha1/apiresourceschemas`, thingSchema);
  await server.raw("POST", `/clusters/${provider}${exportsPath}`, {
    apiVersion: "apis.kcp.io/v1alpha2",
    kind: "APIExport",
    metadata: { name: "example.io" },
    spec: {
      resources: [{ group: "example.io", name: "things", schema: "v1.things.example.io" }],
      permissionClaims: [{ group: "", resource: "configmaps", verbs: ["*"] }],
    },
  });
});
afterAll(() => server[Symbol.asyncDispose]());

const thingSchema = {
  apiVersion: "apis.kcp.io/v1alpha1",
  kind: "APIResourceSchema",
  metadata: { name: "v1.things.example.io" },
  spec: {
    group: "example.io",
    scope: "Cluster",
    names: { kind: "Thing", plural: "things" },
    versions: [{ name: "v1", served: true, storage: true, schema: { type: "object" } }],
  },
};

async function workspace(name: string, type: object = { name: "universal", path: "root" }): Promise<string> {
  await server.raw("POST", "/clusters/root/apis/tenancy.kcp.io/v1alpha1/workspaces", {
    apiVersion: "tenancy.kcp.io/v1alpha1",
    kind: "Workspace",
    metadata: { name },
    spec: { type },
  });
  return soon(async () => {
    const { body } = await server.raw("GET", `/clusters/root/apis/tenancy.kcp.io/v1alpha1/workspaces/${name}`);
    return at(body, "status", "phase") === "Scheduling"
      ? undefined
      : asString(at(body, "spec", "cluster")) || undefined;
  });
}

const bind = (labels: object) =>
  server.raw("POST", `/clusters/${consumer}/apis/apis.kcp.io/v1alpha2/apibindings`, {
    apiVersion: "apis.kcp.io/v1alpha2",
    kind: "APIBinding",
    metadata: { name: "example" },
    spec: {
      reference: { export: { path: "root:provider", name: "example.io" } },
      permissionClaims: [
        { group: "", resource: "configmaps", verbs: ["*"], state: "Accepted", selector: { matchLabels: labels } },
      ],
    },
  });
const names = ({ body }: { body: JsonObject }) => asArray(body.items).map((item) => at(item, "metadata", "name"));

test("an export serves its types where they are bound, and claimed objects that the binding selects", async () => {
  expect(await server.raw("GET", `/clusters/${consumer}${things}`)).toMatchObject({ code: 404 });
  await bind({ "example.io/seen": "yes" });
  const slice = `/clusters/${provider}/apis/apis.kcp.io/v1alpha1/apiexportendpointslices/example.io`;
  const url = await soon(async () => {
    const { body } = await server.raw("GET", slice);
    return asString(at(body, "status", "endpoints", 0, "url")) || undefined;
  });
  const base = new URL(url).pathname;
  const thing = { apiVersion: "example.io/v1", kind: "Thing", metadata: { name: "one" } };
  expect(await server.raw("POST", `/clusters/${consumer}${things}`, thing)).toMatchObject({ code: 201 });
  expect(names(await server.raw("GET", `${base}/clusters/*${things}`))).toEqual(["one"]);

  const map = (name: string) => ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name } });
  const maps = "/api/v1/namespaces/default/configmaps";
  await server.raw("POST", `/clusters/${consumer}${maps}`, map("hidden"));
  await server.raw("POST", `${base}/clusters/${consumer}${maps}`, map("shown"));
  expect(names(await server.raw("GET", `${base}/clusters/*/api/v1/configmaps`))).toEqual(["shown"]);
  expect(await server.raw("GET", `${base}/clusters/${consumer}${maps}/hidden`)).toMatchObject({ code: 404 });

  expect(await server.raw("GET", `${base}/clusters/${provider}${things}`)).toMatchObject({ code: 403 });
  expect(await server.raw("GET", `${base}/clusters/${consumer}/api/v1/secrets`)).toMatchObject({ code: 403 });
  expect(await server.raw("GET", `${base}/clusters/*${things}`, undefined, { token: "eve" })).toMatchObject({
    code: 403,
  });
});

test("a deleted binding takes its objects along, and waits for their finalizers", async () => {
  const path = `/clusters/${consumer}${things}/one`;
  await server.raw("PATCH", path, { metadata: { finalizers: ["a/b"] } }, { type: merge });
  const binding = `/clusters/${consumer}/apis/apis.kcp.io/v1alpha2/apibindings/example`;
  await server.raw("DELETE", binding);
  await soon(async () => at((await server.raw("GET", path)).body, "metadata", "deletionTimestamp"));
  expect(await server.raw("GET", binding)).toMatchObject({ code: 200 });
  await server.raw("PATCH", path, { metadata: { finalizers: null } }, { type: merge });
  await soon(async () => ((await server.raw("GET", binding)).code === 404 ? true : undefined));
});

test("an initializer holds its workspace until its owner takes it away", async () => {
  await server.raw("POST", "/clusters/root/apis/tenancy.kcp.io/v1alpha1/workspacetypes", {
    apiVersion: "tenancy.kcp.io/v1alpha1",
    kind: "WorkspaceType",
    metadata: { name: "held" },
    spec: { initializer: true, extend: { with: [{ name: "universal", path: "root" }] } },
  });
  const id = await workspace("held", { name: "held", path: "root" });
  const base = "/services/initializingworkspaces/root:held/clusters";
  const cluster = "/apis/core.kcp.io/v1alpha1/logicalclusters";
  await soon(async () =>
    asArray((await server.raw("GET", `${base}/*${cluster}`)).body.items).length === 1 ? true : undefined,
  );
  const put = (initializers: readonly string[]) =>
    server.raw("PATCH", `${base}/${id}${cluster}/cluster/status`, { status: { initializers } }, { type: merge });
  expect(await put(["root:other"])).toMatchObject({ code: 422 });
  await soon(async () => ((await put([])).code === 200 ? true : undefined));
  const workspacePath = "/clusters/root/apis/tenancy.kcp.io/v1alpha1/workspaces/held";
  await soon(async () =>
    at((await server.raw("GET", workspacePath)).body, "status", "phase") === "Ready" ? true : undefined,
  );
  expect(asArray((await server.raw("GET", `${base}/*${cluster}`)).body.items)).toEqual([]);
});
