import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { load } from "js-yaml";
import { afterAll, beforeAll, expect, test } from "vitest";
import { brokerFor } from "../../eventing/knative/broker.ts";
import { triggersFor } from "../../eventing/knative/triggers.ts";
import { httpContent } from "../../shared/http-event.ts";
import { loadKubeconfig } from "../../shared/kcp/kubeconfig.ts";
import { type Client, createClient } from "../../shared/kcp/rest.ts";
import { root } from "../../tools/paths.ts";
import { eventually } from "../e2e/eventually.ts";
import { type ScriptedServer, scriptedServer } from "../scripted-server.ts";
import { startKcp, type TestKcp } from "../servers.ts";
import { Cluster } from "./cluster.ts";
import { control } from "./controller.ts";
import { type BrokerDouble, startDouble } from "./double.ts";
import { made } from "./world.ts";

// A kcp is API server enough for custom resources: Knative's own CRDs, and objects that have an address.

const cluster = "root:knative";
const api = "/apis/eventing.knative.dev/v1/namespaces/default";
let kcp: TestKcp;
let client: Client;
let double: BrokerDouble;
let subscriber: ScriptedServer;
let reached: Cluster;
const ending = new AbortController();
let running: Promise<void>;

beforeAll(async () => {
  kcp = await startKcp();
  const access = { file: kcp.adminKubeconfig, context: "base" };
  const config = await loadKubeconfig(access);
  client = createClient({ config });
  const workspaces = "/apis/tenancy.kcp.io/v1alpha1/workspaces";
  const workspace = {
    apiVersion: "tenancy.kcp.io/v1alpha1",
    kind: "Workspace",
    metadata: { name: "knative" },
    spec: {},
  };
  await client.request({ method: "POST", cluster: "root", path: workspaces, body: workspace });
  await eventually(60_000, () => client.request({ cluster, path: "/api/v1/namespaces/default" }));
  for (const kind of ["broker", "trigger"]) {
    const crd = load(await readFile(join(root, "..", "shared", "data", `knative-eventing-${kind}-crd.yaml`), "utf8"));
    const path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    await client.request({ method: "POST", cluster, path, body: withoutConversion(crd as object) });
  }
  await eventually(60_000, () => client.request({ cluster, path: `${api}/brokers` }));
  await eventually(60_000, () => client.request({ cluster, path: `${api}/triggers` }));
  subscriber = await scriptedServer((_, response) => response.writeHead(204).end());
  double = await startDouble({ kind: "mt" });
  reached = new Cluster({ ...config, server: `${config.server}/clusters/${cluster}` });
  const options = { cluster: reached, kind: "mt", publicUrl: double.url, transport: double } as const;
  running = control({ ...options, log: () => undefined, signal: ending.signal });
}, 300_000);
afterAll(async () => {
  ending.abort();
  await running;
  await double?.close();
  await subscriber?.[Symbol.asyncDispose]();
  reached?.http.close();
  client?.close();
  await kcp?.stop();
});

/** The conversion webhook of the release is not there. */
function withoutConversion(crd: object): object {
  const { spec, ...rest } = crd as { spec: Record<string, unknown> };
  const { conversion: _, ...kept } = spec;
  return { ...rest, spec: kept };
}

interface Status {
  readonly address?: { readonly url: string };
  readonly subscriberUri?: string;
  readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[];
}
const statusOf = async (plural: string, name: string): Promise<Status> =>
  (await client.request<{ status?: Status }>({ cluster, path: `${api}/${plural}/${name}` })).status ?? {};
const post = (plural: string, body: object) =>
  client.request({ method: "POST", cluster, path: `${api}/${plural}`, body });
const isReady = async (plural: string, name: string, expected: string) => {
  const status = await statusOf(plural, name);
  expect(status.conditions?.find(({ type }) => type === "Ready")?.status).toBe(expected);
  return status;
};

const place = { namespace: "default", release: "r" };
const [trigger] = triggersFor(
  { name: "f", on: [{ type: "test.thing" }] },
  { ...place, broker: "mesh", subscriber: { uri: "http://to.be.set" } },
);

test("control plane, Trigger Lifecycle: a Trigger may come before its Broker, and is not Ready until then", async () => {
  const spec = { ...trigger?.spec, subscriber: { uri: subscriber.url } };
  await post("triggers", { ...trigger, spec });
  const status = await eventually(30_000, () => isReady("triggers", "r-f-1", "False"));
  expect(status.conditions?.[0]?.message).toBe("there is no Broker mesh that is ready");
  await post("brokers", brokerFor({ ...place, name: "mesh", class: "MTChannelBasedBroker" }));
  expect(await eventually(30_000, () => isReady("brokers", "mesh", "True"))).toMatchObject({
    address: { url: `${double.url}/default/mesh` },
  });
  expect(await eventually(30_000, () => isReady("triggers", "r-f-1", "True"))).toMatchObject({
    subscriberUri: subscriber.url,
  });
});

test("control plane, Broker Lifecycle: events for its address reach the Triggers that are Ready", async () => {
  const { address } = await statusOf("brokers", "mesh");
  const { headers, body } = httpContent(made("1"), "binary");
  const answer = await fetch(address?.url ?? "", { method: "POST", headers, body });
  expect(answer.status).toBe(202);
  await expect.poll(() => subscriber.seen.map((seen) => seen.headers["ce-id"])).toEqual(["1"]);
});

test("control plane, Destination Resolution: what cannot be resolved is told, and uri is relative to the address of ref", async () => {
  const ref = { apiVersion: "eventing.knative.dev/v1", kind: "Broker", name: "mesh" };
  const to = (name: string, target: object) =>
    post("triggers", {
      ...trigger,
      metadata: { name, namespace: "default" },
      spec: { ...trigger?.spec, subscriber: target },
    });
  await to("relative", { ref, uri: "/f" });
  await to("missing", { ref: { ...ref, name: "nobody" } });
  expect(await eventually(30_000, () => isReady("triggers", "relative", "True"))).toMatchObject({
    subscriberUri: `${double.url}/f`,
  });
  const status = await eventually(30_000, () => isReady("triggers", "missing", "False"));
  expect(status.conditions?.[0]?.message).toBe("there is no Broker default/nobody");
});

test("a Broker of another class is left to whoever serves it", async () => {
  await post("brokers", brokerFor({ ...place, name: "other", class: "Kafka" }));
  await post("brokers", brokerFor({ ...place, name: "later" }));
  await eventually(30_000, () => isReady("brokers", "later", "True"));
  expect(await statusOf("brokers", "other")).toEqual({});
});

test("a Trigger that is deleted gets no more", async () => {
  const before = subscriber.seen.length;
  await client.request({ method: "DELETE", cluster, path: `${api}/triggers/r-f-1` });
  await client.request({ method: "DELETE", cluster, path: `${api}/triggers/relative` });
  const { headers, body } = httpContent(made("2"), "binary");
  await eventually(30_000, async () => {
    const answer = await fetch(`${double.url}/default/mesh`, { method: "POST", headers, body });
    expect(answer.status).toBe(202);
    await double.idle();
    const count = subscriber.seen.length;
    await fetch(`${double.url}/default/mesh`, { method: "POST", headers, body });
    await double.idle();
    expect(subscriber.seen.length).toBe(count);
  });
  expect(before).toBe(1);
});
