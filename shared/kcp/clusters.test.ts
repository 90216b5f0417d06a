import { describe, expect, test } from "vitest";
import { type Answer, scriptedServer, sendJson } from "../../test/scripted-server.ts";
import { createClusters } from "./clusters.ts";
import { readSecurityType } from "./marker-urls.ts";
import { createClient } from "./rest.ts";

const marker = "root:security";
const status = (code: number, reason: string) => ({ kind: "Status", code, reason, message: reason });
const logicalCluster = (version: number, initializers: readonly string[]) => ({
  ...{ apiVersion: "core.kcp.io/v1alpha1", kind: "LogicalCluster" },
  metadata: { name: "cluster", uid: "u", resourceVersion: String(version) },
  status: { initializers },
});

async function kcp(answer: Answer) {
  const server = await scriptedServer(answer);
  const config = { server: server.url, tls: {}, headers: async () => ({}) };
  const direct = createClient({ config });
  const claimed = createClient({ config, basesOf: () => [`${server.url}/claimed`] });
  const clusters = createClusters({ direct, claimed, open: (basesOf) => createClient({ config, basesOf }), marker });
  return {
    server,
    direct,
    clusters,
    asked: () => server.seen.map(({ method, url }) => `${method} ${url.pathname}`),
    async [Symbol.asyncDispose]() {
      for (const client of [direct, claimed]) client.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

test("discover tells each resource once, in its preferred version, without subresources, sorted", async () => {
  const resource = (name: string, more: object = {}) => ({
    ...{ name, singularName: "", kind: "Thing", namespaced: true, verbs: ["get"] },
    ...more,
  });
  await using world = await kcp(({ url }, response) => {
    const lists: Readonly<Record<string, object>> = {
      "/clusters/c1/apis": { groups: [{ name: "z.io", preferredVersion: { version: "v2" } }] },
      "/clusters/c1/api/v1": { resources: [resource("pods"), resource("pods/log"), resource("nodes")] },
      "/clusters/c1/apis/z.io/v2": { resources: [resource("as", { singularName: "a", namespaced: false })] },
    };
    const found = lists[url.pathname];
    sendJson(response, found ? 200 : 404, found ?? status(404, "NotFound"));
  });
  const found = await world.clusters.discover({ cluster: "c1" });
  expect(
    found.map(({ group, version, plural, singular, namespaced }) => [group, version, plural, singular, namespaced]),
  ).toEqual([
    ["", "v1", "nodes", "thing", true],
    ["", "v1", "pods", "thing", true],
    ["z.io", "v2", "as", "a", false],
  ]);
});

test("a Secret and a configuration are read through the claims; what is not there, or not ours, is undefined", async () => {
  await using world = await kcp(({ url }, response) => {
    const name = url.pathname.split("/").at(-1);
    if (name === "mine") return sendJson(response, 200, { kind: "Secret", metadata: {}, data: { a: btoa("one") } });
    if (name === "empty") return sendJson(response, 200, { kind: "Secret", metadata: {} });
    if (name === "acme") return sendJson(response, 200, { kind: "X", metadata: {}, spec: { jwt: [] } });
    sendJson(response, 404, status(404, "NotFound"));
  });
  const { clusters } = world;
  expect(await clusters.readSecret({ cluster: "c1", name: "mine" })).toEqual({ a: "one" });
  expect(await clusters.readSecret({ cluster: "c1", name: "empty" })).toEqual({});
  expect(await clusters.readSecret({ cluster: "c1", name: "theirs" })).toBeUndefined();
  expect(await clusters.readAuthentication({ cluster: "c1", name: "acme" })).toEqual({ jwt: [] });
  expect(await clusters.readAuthentication({ cluster: "c1", name: "none" })).toBeUndefined();
  expect(world.asked()).toContain("GET /claimed/clusters/c1/api/v1/namespaces/default/secrets/mine");
  expect(world.asked()).toContain(
    "GET /claimed/clusters/c1/apis/tenancy.kcp.io/v1alpha1/workspaceauthenticationconfigurations/acme",
  );
});

describe("releaseMarker", () => {
  const path = "/clusters/c1/apis/core.kcp.io/v1alpha1/logicalclusters/cluster";
  const typePath = "/clusters/root/apis/tenancy.kcp.io/v1alpha1/workspacetypes/security";

  /** A kcp that holds c1 on the shard `held`, until it is let go; stale patches are refused. */
  function holding(urls: () => readonly string[], initializers: readonly string[]) {
    let [version, present] = [1, initializers];
    const state = {
      get present() {
        return present;
      },
      conflicts: 0,
      host: "",
    };
    const answer: Answer = ({ method, url, body }, response) => {
      if (url.pathname === typePath) {
        const virtualWorkspaces = urls().map((at) => ({ type: "initializing", url: `${state.host}/${at}/` }));
        const type = {
          kind: "WorkspaceType",
          metadata: {},
          spec: { initializer: true },
          status: { virtualWorkspaces },
        };
        return sendJson(response, 200, type);
      }
      const isHeld = url.pathname.startsWith("/held/") && present.includes(marker);
      if (!isHeld) return sendJson(response, 404, status(404, "NotFound"));
      if (method === "GET") return sendJson(response, 200, logicalCluster(version, present));
      if (state.conflicts-- > 0) {
        version++;
        return sendJson(response, 409, status(409, "Conflict"));
      }
      const patch = JSON.parse(body);
      if (patch.metadata.resourceVersion !== String(version)) return sendJson(response, 409, status(409, "Conflict"));
      present = patch.status.initializers;
      sendJson(response, 200, logicalCluster(++version, present));
    };
    return { state, answer };
  }
  const ask = { cluster: "c1", marker: "initializer" } as const;

  test("takes ours off and leaves the others, on whichever shard has the workspace", async () => {
    const { state, answer } = holding(() => ["other", "held"], ["root:universal", marker]);
    await using world = await kcp(answer);
    state.host = world.server.url;
    await world.clusters.releaseMarker(ask);
    expect(state.present).toEqual(["root:universal"]);
    const patched = world.server.seen.findLast(({ method }) => method === "PATCH");
    expect([patched?.url.pathname, patched?.headers["content-type"]]).toEqual([
      `/held${path}/status`,
      "application/merge-patch+json",
    ]);
    const { length } = world.asked().filter((line) => line.startsWith("PATCH"));
    await world.clusters.releaseMarker(ask);
    expect(world.asked().filter((line) => line.startsWith("PATCH"))).toHaveLength(length);
  });

  test("finds shards that came since, and is no error where there is nothing to let go of", async () => {
    let shards = ["other"];
    const { state, answer } = holding(() => shards, [marker]);
    await using world = await kcp(answer);
    state.host = world.server.url;
    await world.clusters.releaseMarker(ask);
    expect(state.present).toEqual([marker]);
    shards = ["other", "held"];
    await world.clusters.releaseMarker(ask);
    expect(state.present).toEqual([]);
  });

  test("looks again when kcp's own initializers go at the same time; not without an end", async () => {
    const { state, answer } = holding(() => ["held"], [marker]);
    await using world = await kcp(answer);
    state.host = world.server.url;
    state.conflicts = 3;
    await world.clusters.releaseMarker(ask);
    expect(state.present).toEqual([]);
    const endless = holding(() => ["held"], [marker]);
    await using other = await kcp(endless.answer);
    endless.state.host = other.server.url;
    endless.state.conflicts = 1_000;
    await expect(other.clusters.releaseMarker(ask)).rejects.toMatchObject({ code: 409 });
  });

  test("says what it needs when no shard serves our marker", async () => {
    const { answer } = holding(() => [], [marker]);
    await using world = await kcp(answer);
    await expect(world.clusters.releaseMarker(ask)).rejects.toThrow("no shard serves");
  });
});

describe("whether security is on is WorkspaceType security's to say", () => {
  const read = async (code: number, body: object) => {
    await using world = await kcp((_seen, response) => sendJson(response, code, body));
    return await readSecurityType((resource, target) => world.direct.read(resource, target), marker);
  };
  const off = { isOn: false, urls: { initializer: [], terminator: [] } };

  test("with the places where what is held is shown", async () => {
    const virtualWorkspaces = [
      { type: "initializing", url: "https://s1/i/" },
      { type: "terminating", url: "https://s1/t" },
      { type: "initializing", url: "https://s2/i" },
    ];
    expect(await read(200, { metadata: {}, spec: { initializer: true }, status: { virtualWorkspaces } })).toEqual({
      isOn: true,
      urls: { initializer: ["https://s1/i", "https://s2/i"], terminator: ["https://s1/t"] },
    });
  });

  test.each<[string, number, object]>([
    ["is not there", 404, status(404, "NotFound")],
    ["may not be seen", 403, status(403, "Forbidden")],
    ["holds nothing", 200, { metadata: {}, spec: {} }],
  ])("and it is off when that %s", async (_name, code, body) => {
    expect(await read(code, body)).toEqual(off);
  });

  test("and an error is an error", async () => {
    await expect(read(422, status(422, "Invalid"))).rejects.toMatchObject({ code: 422 });
  });
});
