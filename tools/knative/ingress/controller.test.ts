import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Follower } from "./cluster-api.ts";
import { IngressController, ingressClass } from "./controller.ts";
import { RouteTable } from "./route-table.ts";

const ingressOf = (name: string, annotations: Readonly<Record<string, string>> = ofOurs) => ({
  metadata: { name, namespace: "default", generation: 3, annotations },
  spec: { rules: [{ hosts: [`${name}.default`], http: { paths: [{ splits: [{ ...backend, serviceName: name }] }] } }] },
});
const ofOurs = { "networking.knative.dev/ingress.class": ingressClass };
const backend = { serviceNamespace: "default", servicePort: 80 };

let table: RouteTable;
let patches: [path: string, content: object][];
let follower: Follower;
let proxy: Server;
/** Whether what is behind the routes answers probes yet. */
let isReachable: boolean;
let probes: number;

beforeEach(async () => {
  [table, patches, isReachable, probes] = [new RouteTable(), [], true, 0];
  proxy = createServer(({ headers }, answer) => {
    probes++;
    const route = table.find({ host: headers.host ?? "", path: "/", headers }, 0);
    const hash = route?.headers["k-network-hash"];
    if (isReachable && hash) answer.writeHead(200, { "k-network-hash": hash }).end();
    else answer.writeHead(503).end();
  }).listen(0, "127.0.0.1");
  await once(proxy, "listening");
});
afterEach(() => void proxy.close());

function start(): IngressController {
  const { port } = proxy.address() as AddressInfo;
  const api = {
    follow: (_path: string, given: Follower) => {
      follower = given;
      return new Promise<never>(() => undefined);
    },
    read: (path: string) =>
      Promise.resolve(path.endsWith("/absent") ? undefined : { spec: { clusterIP: "10.96.0.7" } }),
    patch: (path: string, content: object) => Promise.resolve(void patches.push([path, content])),
  };
  const controller = new IngressController({ api, table, proxy: { host: "127.0.0.1", port }, domain: "ingress.local" });
  void controller.run();
  return controller;
}
const hasRoute = (name: string) => table.find({ host: `${name}.default`, path: "/", headers: {} }, 0) !== undefined;

test("an Ingress is ready once its routes answer, and says where it is served", async () => {
  isReachable = false;
  const controller = start();
  expect(controller.isReady).toBe(false);
  follower.onListed([ingressOf("hello")]);
  expect(controller.isReady).toBe(true);
  await expect.poll(() => probes).toBeGreaterThan(1);
  expect(patches).toEqual([]);
  isReachable = true;
  await expect.poll(() => patches).toHaveLength(1);
  const [path, content] = patches[0] ?? [];
  expect(path).toBe("/apis/networking.internal.knative.dev/v1alpha1/namespaces/default/ingresses/hello/status");
  const ready = expect.objectContaining({ type: "Ready", status: "True" });
  const balancer = { ingress: [{ domainInternal: "ingress.local" }] };
  expect(content).toMatchObject({
    status: { observedGeneration: 3, conditions: expect.arrayContaining([ready]), privateLoadBalancer: balancer },
  });
});

test("the same state seen again writes nothing, a changed one is tried and said again", async () => {
  start();
  follower.onListed([ingressOf("hello")]);
  await expect.poll(() => patches).toHaveLength(1);
  follower.onChange("MODIFIED", ingressOf("hello"));
  follower.onListed([ingressOf("hello")]);
  const changed = ingressOf("hello");
  changed.spec.rules.push(...ingressOf("other").spec.rules);
  follower.onChange("MODIFIED", changed);
  await expect.poll(() => patches).toHaveLength(2);
  expect(hasRoute("other")).toBe(true);
});

test("what is deleted, also unseen, has no routes any more; what belongs to another ingress never had", () => {
  start();
  follower.onListed([ingressOf("one"), ingressOf("two"), ingressOf("foreign", {})]);
  expect(["one", "two", "foreign"].map(hasRoute)).toEqual([true, true, false]);
  follower.onChange("DELETED", ingressOf("one"));
  follower.onListed([]);
  expect(["one", "two"].map(hasRoute)).toEqual([false, false]);
});

test("knows the address of a Service, and asks again for one that was not there", async () => {
  const controller = start();
  const split = { ...backend, serviceName: "hello" };
  expect(await controller.addressOf(split)).toEqual({ host: "10.96.0.7", port: 80 });
  expect(await controller.addressOf({ ...split, serviceName: "absent" })).toBeUndefined();
});
