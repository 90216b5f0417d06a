import type { ServerResponse } from "node:http";
import { expect, test } from "vitest";
import type { CloudEvent } from "../../shared/event.ts";
import { createHttp } from "../../shared/kcp/http.ts";
import { clusterAnnotation, type LogicalCluster } from "../../shared/kcp/objects.ts";
import { type Seen, scriptedServer, sendJson } from "../../test/scripted-server.ts";
import { systemClock } from "../clock.ts";
import { Store } from "../store.ts";
import { Held } from "./held.ts";
import { HeldFeed } from "./held-feed.ts";
import { Publisher } from "./publisher.ts";
import type { Timing } from "./watch.ts";

const ignore = () => {};
const log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
const timing: Timing = {
  ...{ watchMs: 60_000, idleMs: 60_000, requestMs: 1_000, backoff: { minMs: 1, maxMs: 5 }, tickMs: 5 },
  ...{ clock: systemClock, random: Math.random },
};

function logicalCluster(version: number, { cluster = "acme-id", uid = "u1" } = {}): LogicalCluster {
  const owner = {
    apiVersion: "tenancy.kcp.io/v1alpha1",
    resource: "workspaces",
    cluster: "orgs-id",
    name: "acme",
    uid: "w",
  };
  return {
    apiVersion: "core.kcp.io/v1alpha1",
    kind: "LogicalCluster",
    metadata: {
      ...{ name: "cluster", uid, resourceVersion: String(version), creationTimestamp: "2026-01-01T00:00:00Z" },
      annotations: { [clusterAnnotation]: cluster },
    },
    spec: { owner },
    // kcp leaves the phase at Ready while it terminates.
    status: { phase: "Ready" },
  };
}
const page = (...objects: LogicalCluster[]) => ({ objects, resourceVersion: "9", next: "" });

function setup() {
  const events: CloudEvent[] = [];
  const restarts: unknown[] = [];
  const { signal } = new AbortController();
  const bus = { publish: async (event: CloudEvent) => void events.push(event) };
  const publisher = new Publisher({
    backoff: timing.backoff,
    clock: systemClock,
    random: Math.random,
    bus,
    log,
    signal,
  });
  const forwarding = { server: "https://kcp.example", store: new Store(), now: () => 0 };
  const hooks = { onEvent: ignore, onRestart: (watch: object) => void restarts.push(watch) };
  const told = () => events.splice(0).map(({ type, id, phase }) => `${type.split(".").at(-1)} ${id} ${phase}`);
  return { forwarding, publisher, hooks, told, events, restarts };
}

test("decisions 36: what waits for our initializer is told as Initializing, first as new, under ids of its own", async () => {
  const { told, events, ...options } = setup();
  const feed = new HeldFeed({ ...options, marker: "initializer" });
  await feed.listed(page(logicalCluster(5)));
  expect(events[0]).toMatchObject({ kind: "LogicalCluster", accountkey: "orgs-id/acme", kcpcluster: "acme-id" });
  expect(told()).toEqual(["add acme-id.u1.5.initializing Initializing"]);
  await feed.changed({ type: "MODIFIED", object: logicalCluster(6) });
  expect(told()).toEqual(["update acme-id.u1.6.initializing Initializing"]);
});

test("decisions 36: what waits for our terminator is first seen as a change, and told as new and Terminating", async () => {
  const { told, ...options } = setup();
  const feed = new HeldFeed({ ...options, marker: "terminator" });
  await feed.changed({ type: "MODIFIED", object: logicalCluster(7) });
  expect(told()).toEqual(["add acme-id.u1.7.terminating Terminating"]);
});

test("decisions 36: to leave is no deletion and no event; who comes back is new", async () => {
  const { told, ...options } = setup();
  const feed = new HeldFeed({ ...options, marker: "initializer" });
  await feed.listed(page(logicalCluster(5)));
  await feed.changed({ type: "DELETED", object: logicalCluster(6) });
  await feed.changed({ type: "ADDED", object: logicalCluster(7) });
  await feed.listed(page());
  await feed.listed(page(logicalCluster(8)));
  expect(told()).toEqual([
    ...["add acme-id.u1.5.initializing Initializing", "add acme-id.u1.7.initializing Initializing"],
    "add acme-id.u1.8.initializing Initializing",
  ]);
});

test("a list that brings nothing new tells nothing; a restart tells what is still held again, by the same id", async () => {
  const { told, ...options } = setup();
  const feed = new HeldFeed({ ...options, marker: "initializer" });
  await feed.listed(page(logicalCluster(5)));
  await feed.listed(page(logicalCluster(5)));
  expect(told()).toEqual(["add acme-id.u1.5.initializing Initializing"]);
  await new HeldFeed({ ...options, marker: "initializer" }).listed(page(logicalCluster(5)));
  expect(told()).toEqual(["add acme-id.u1.5.initializing Initializing"]);
});

test("is synced while its watch runs, and a watch that breaks is told by its virtual workspace", () => {
  const { restarts, ...options } = setup();
  const feed = new HeldFeed({ ...options, marker: "terminator" });
  expect(feed.synced).toBe(false);
  feed.connected();
  expect(feed.synced).toBe(true);
  feed.disconnected("reset");
  expect(feed.synced).toBe(false);
  expect(restarts).toEqual([{ kind: "LogicalCluster", shard: "terminating", reason: "reset" }]);
});

test("both virtual workspaces of each shard are followed, those of a shard that is gone no more", async () => {
  const watched = new Set<string>();
  const list = (response: ServerResponse) =>
    sendJson(response, 200, {
      apiVersion: "v1",
      kind: "LogicalClusterList",
      metadata: { resourceVersion: "1" },
      items: [],
    });
  await using server = await scriptedServer(({ url }: Seen, response) => {
    if (!url.searchParams.has("watch")) return list(response);
    const [, at = ""] = url.pathname.split("/");
    watched.add(at);
    response.on("close", () => watched.delete(at));
    response.writeHead(200).flushHeaders();
  });
  let shards = ["s1", "s2"];
  const read = async () => {
    const urls = (type: string) => shards.map((shard) => ({ type, url: `${server.url}/${shard}-${type}` }));
    const virtualWorkspaces = [...urls("initializing"), ...urls("terminating")];
    return { metadata: {}, spec: { initializer: true }, status: { virtualWorkspaces } } as never;
  };
  const { told: _told, events: _events, restarts: _restarts, ...feeds } = setup();
  const stop = new AbortController();
  const http = createHttp({ tls: {}, headers: async () => ({}) });
  const held = new Held("root:security");
  const follow = () => held.follow({ ...feeds, read, http, timing, signal: stop.signal });
  expect(held.synced).toBe(false);
  await follow();
  await expect
    .poll(() => [...watched].toSorted())
    .toEqual(["s1-initializing", "s1-terminating", "s2-initializing", "s2-terminating"]);
  await expect.poll(() => held.synced).toBe(true);
  shards = ["s2"];
  await follow();
  await expect.poll(() => [...watched].toSorted()).toEqual(["s2-initializing", "s2-terminating"]);
  stop.abort();
  await held.ended();
  await expect.poll(() => watched.size).toBe(0);
  http.close();
});
