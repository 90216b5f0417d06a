import { expect, test } from "vitest";
import type { CloudEvent } from "../../shared/event.ts";
import type { Log } from "../../shared/function.ts";
import { clusterAnnotation } from "../../shared/kcp/objects.ts";
import { scriptedServer, sendJson } from "../../test/scripted-server.ts";
import type { Bus } from "../bus/bus.ts";
import { memoryCheckpoint } from "../bus/memory-checkpoint.ts";
import { systemClock } from "../clock.ts";
import { Store } from "../store.ts";
import { createSource } from "./source.ts";

const silent: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const timing = {
  watchMs: 60_000,
  idleMs: 10_000,
  requestMs: 1_000,
  backoff: { minMs: 1, maxMs: 5 },
  clock: systemClock,
  random: Math.random,
  tickMs: 5,
};
const account = (name: string, ready: boolean) => ({
  metadata: { name, uid: name, resourceVersion: "5", annotations: { [clusterAnnotation]: "c1" } },
  spec: { type: "org", displayName: name },
  status: { conditions: [{ type: "Ready", status: ready ? "True" : "False" }] },
});

/** A kcp with one slice that names shards by number, and on each shard the same two accounts. */
async function world(workspace: string | undefined = "root:provider") {
  let shards: readonly number[] = [];
  let slice: ((object: object) => void) | undefined;
  const server = await scriptedServer(({ url }, response) => {
    const isWatch = url.searchParams.has("watch");
    const isSlice = url.pathname.endsWith("/apiexportendpointslices");
    if (isWatch) {
      response.writeHead(200).flushHeaders();
      if (isSlice) slice = (object) => response.write(`${JSON.stringify({ type: "MODIFIED", object })}\n`);
      return;
    }
    const isAccounts = url.pathname.endsWith("/accounts");
    const items = isSlice ? [sliceObject()] : isAccounts ? [account("ready", true), account("waiting", false)] : [];
    sendJson(response, 200, { apiVersion: "v1", kind: "AnyList", metadata: { resourceVersion: "9" }, items });
  });
  const sliceObject = () => ({
    apiVersion: "apis.kcp.io/v1alpha1",
    kind: "APIExportEndpointSlice",
    metadata: { name: "slice", uid: "slice", resourceVersion: "9" },
    status: { endpoints: shards.map((shard) => ({ url: `${server.url}/shard${shard}` })) },
  });
  const published: CloudEvent[] = [];
  const checkpoint = memoryCheckpoint();
  const bus: Pick<Bus, "publish" | "checkpoint"> = {
    publish: async (event) => void published.push(event),
    checkpoint: async () => checkpoint,
  };
  const clock = { now: 0 };
  const store = new Store();
  const config = { context: "", server: server.url, workspace, serverCa: () => "", tls: {}, headers: async () => ({}) };
  const source = createSource({
    config,
    sliceName: "slice",
    bus,
    store,
    resyncMs: 3_600_000,
    log: silent,
    timing: { ...timing, clock: { ...systemClock, now: () => clock.now } },
  });
  const stop = new AbortController();
  return {
    server,
    source,
    store,
    published,
    clock,
    start: () => source.start(stop.signal),
    serve(...numbers: number[]) {
      shards = numbers;
      slice?.(sliceObject());
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await server[Symbol.asyncDispose]();
    },
  };
}

test("is in step once the watches of all shards run", async () => {
  await using kcp = await world();
  kcp.serve(1, 2);
  const ended = kcp.start();
  expect(kcp.source.synced).toBe(false);
  await expect.poll(() => kcp.source.synced).toBe(true);
  const watches = kcp.server.seen.filter(
    ({ url }) => url.searchParams.has("watch") && url.pathname.startsWith("/shard"),
  );
  expect(watches.map(({ url }) => url.pathname.slice(0, 18))).toEqual([
    ...Array(6).fill("/shard1/clusters/*"),
    ...Array(6).fill("/shard2/clusters/*"),
  ]);
  await kcp[Symbol.asyncDispose]();
  await ended;
  expect(kcp.source.synced).toBe(false);
});

test("shards come and go, and take their objects along", async () => {
  await using kcp = await world();
  kcp.serve();
  void kcp.start();
  await expect.poll(() => kcp.server.seen.length).toBe(2);
  expect(kcp.source.basesOf("c1")).toEqual([]);
  kcp.serve(1);
  await expect.poll(() => kcp.source.synced).toBe(true);
  expect(kcp.source.basesOf("c1")).toEqual([`${kcp.server.url}/shard1`]);
  kcp.serve(2);
  await expect.poll(() => kcp.source.basesOf("elsewhere")).toEqual([`${kcp.server.url}/shard2`]);
  await expect.poll(() => kcp.source.synced).toBe(true);
  kcp.serve();
  await expect.poll(() => kcp.source.synced).toBe(false);
  expect([...kcp.store.all("Account")]).toEqual([]);
});

test("accounts on their way are looked at again after a minute, all others after an hour", async () => {
  await using kcp = await world();
  kcp.serve(1);
  void kcp.start();
  await expect.poll(() => kcp.source.synced).toBe(true);
  const resyncs = () => kcp.published.filter(({ type }) => type.endsWith("resync-due")).map(({ id }) => id);
  const pass = async (minutes: number) => {
    await new Promise((resolve) => setTimeout(resolve, 4 * timing.tickMs));
    kcp.clock.now += minutes * 60_000;
    await new Promise((resolve) => setTimeout(resolve, 4 * timing.tickMs));
  };
  await pass(2);
  expect(resyncs()).toEqual(["c1.waiting.5.resync.120000"]);
  await pass(70);
  expect(resyncs().slice(1).sort()).toEqual(["c1.ready.5.resync.4320000", "c1.waiting.5.resync.4320000"]);
  expect(kcp.published.at(-1)).toMatchObject({ accountkey: expect.stringMatching(/^c1\//), kind: "Account" });
});

test("a kubeconfig that names no workspace is refused", async () => {
  await using kcp = await world("");
  await expect(kcp.start()).rejects.toThrow("names no workspace");
});
