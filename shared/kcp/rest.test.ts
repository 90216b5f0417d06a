import { expect, test } from "vitest";
import { type Answer, scriptedServer, sendJson } from "../../test/scripted-server.ts";
import type { Counted } from "./call.ts";
import { ApiError } from "./client.ts";
import { classify, UnreachableError } from "./errors.ts";
import { kinds } from "./kinds.ts";
import type { KubeObject } from "./objects.ts";
import { createClient } from "./rest.ts";

const configMaps = { group: "", version: "v1", plural: "configmaps" };
const workspace = { apiVersion: "tenancy.kcp.io/v1alpha1", kind: "Workspace", metadata: { name: "acme" } };
const status = (code: number, reason: string, message = reason) => ({ kind: "Status", code, reason, message });

async function kcp(answer: Answer, options: { readonly timeoutMs?: number } = {}) {
  const server = await scriptedServer(answer);
  const counted: Counted[] = [];
  const config = { server: server.url, tls: {}, headers: async () => ({ authorization: "Bearer secret" }) };
  const client = createClient({
    config,
    onRequest: (request) => counted.push(request),
    pathOf: (cluster) => (cluster === "id1" ? "root:orgs" : undefined),
    ...options,
  });
  const close = async () => {
    client.close();
    await server[Symbol.asyncDispose]();
  };
  return { client, server, counted, config, [Symbol.asyncDispose]: close };
}

test.each([
  [
    "create posts to the collection",
    "POST /clusters/id1/apis/tenancy.kcp.io/v1alpha1/workspaces",
    "application/json",
    (client) => client.create(kinds.Workspace, "id1", workspace),
  ],
  [
    "create puts a namespaced object into its namespace",
    "POST /clusters/id1/api/v1/namespaces/default/configmaps",
    "application/json",
    (client) => client.create(configMaps, "id1", { ...workspace, metadata: { name: "a", namespace: "default" } }),
  ],
  [
    "mergePatch addresses the status subresource",
    "PATCH /clusters/id1/apis/core.platform-mesh.io/v1alpha1/accounts/acme/status",
    "application/merge-patch+json",
    (client) => client.mergePatch(kinds.Account, { cluster: "id1", name: "acme", subresource: "status" }, {}),
  ],
  [
    "apply forces its fields",
    "PATCH /clusters/id1/apis/tenancy.kcp.io/v1alpha1/workspaces/acme?fieldManager=me&force=true&dryRun=All",
    "application/apply-patch+yaml",
    (client) => client.apply(kinds.Workspace, "id1", workspace, { fieldManager: "me", dryRun: true }),
  ],
  [
    "delete carries its preconditions",
    "DELETE /clusters/id1/apis/tenancy.kcp.io/v1alpha1/workspaces/acme",
    "application/json",
    (client) => client.delete(kinds.Workspace, { cluster: "id1", name: "acme" }, { uid: "u1" }),
  ],
  [
    "names are escaped",
    "GET /clusters/id1/apis/tenancy.kcp.io/v1alpha1/workspaces/a%2Fb",
    undefined,
    (client) => client.get("Workspace", "id1", "a/b"),
  ],
] as [string, string, string | undefined, (client: ReturnType<typeof createClient>) => Promise<unknown>][])(
  "%s",
  async (_name, expected, contentType, act) => {
    await using world = await kcp((_seen, response) => sendJson(response, 200, workspace));
    await act(world.client);
    const [seen] = world.server.seen;
    expect(`${seen?.method} ${seen?.url.pathname}${seen?.url.search}`).toBe(expected);
    expect(seen?.headers["content-type"]).toBe(contentType);
    expect(seen?.headers.authorization).toBe("Bearer secret");
  },
);

test("reads a list page by page and says of each item what it is", async () => {
  await using world = await kcp(({ url }, response) => {
    const next = url.searchParams.get("continue") ? "" : "more";
    const items = [{ metadata: { name: next || "last" } }];
    sendJson(response, 200, { apiVersion: "v1", kind: "WorkspaceList", metadata: { continue: next }, items });
  });
  const items = await world.client.list("Workspace", "id1");
  expect(items.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual(["Workspace more", "Workspace last"]);
});

test.each([
  ["get", async (client: ReturnType<typeof createClient>) => client.get("Workspace", "id1", "acme")],
  [
    "delete",
    async (client: ReturnType<typeof createClient>) => client.delete(kinds.Workspace, { cluster: "id1", name: "acme" }),
  ],
])("%s of what is not there is no error", async (_name, act) => {
  await using world = await kcp((_seen, response) => sendJson(response, 404, status(404, "NotFound")));
  expect(await act(world.client)).toBeUndefined();
});

test("delete answers the object only while finalizers hold it", async () => {
  let answer: object = { ...workspace, metadata: { ...workspace.metadata, finalizers: ["x"] } };
  await using world = await kcp((_seen, response) => sendJson(response, 200, answer));
  const target = { cluster: "id1", name: "acme" };
  expect(await world.client.delete(kinds.Workspace, target)).toMatchObject({ metadata: { finalizers: ["x"] } });
  answer = { kind: "Status", status: "Success" };
  expect(await world.client.delete(kinds.Workspace, target)).toBeUndefined();
});

test.each([
  [409, "AlreadyExists", "already-exists"],
  [409, "Conflict", "conflict"],
  [403, "Forbidden", "forbidden"],
  [401, "Unauthorized", "forbidden"],
  [404, "NotFound", "not-found"],
  [410, "Expired", "expired"],
  [422, "Invalid", "invalid"],
  [500, "InternalError", "retry"],
])("%i %s is told apart as %s, with the workspace in its message", async (code, reason, expected) => {
  await using world = await kcp((_seen, response) => sendJson(response, code, status(code, reason, "why")));
  const error: unknown = await world.client
    .create(kinds.Workspace, "id1", workspace)
    .catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toMatchObject({ code, reason, message: "creating Workspace acme in root:orgs: why" });
  expect(classify(error)).toBe(expected);
  expect(classify(new Error("bug"))).toBe("other");
});

test("an answer that is no Status object is still an ApiError", async () => {
  await using world = await kcp((_seen, response) => response.writeHead(502).end("<html>bad gateway</html>"));
  const reading = world.client.request({ path: "/readyz", doing: "checking kcp" });
  await expect(reading).rejects.toThrow("checking kcp: <html>bad gateway</html>");
});

test("a server that is too busy is asked again after the time it names", async () => {
  let busy = 2;
  await using world = await kcp((_seen, response) =>
    busy-- > 0 ? sendJson(response, 429, {}, { "retry-after": "0.01" }) : sendJson(response, 200, workspace),
  );
  await world.client.create(kinds.Workspace, "id1", workspace);
  expect(world.counted.map(({ verb, code, resource }) => `${verb} ${resource} ${code}`)).toEqual([
    "create workspaces 429",
    "create workspaces 429",
    "create workspaces 200",
  ]);
});

test("a server that stays too busy is given up after the third time", async () => {
  await using world = await kcp((_seen, response) => sendJson(response, 429, {}, { "retry-after": "0.01" }));
  await expect(world.client.get("Workspace", "id1", "acme")).rejects.toMatchObject({ code: 429 });
  expect(world.counted).toHaveLength(3);
});

test("no answer within the time limit is an UnreachableError", async () => {
  await using world = await kcp(() => undefined, { timeoutMs: 30 });
  const error: unknown = await world.client.get("Workspace", "id1", "acme").catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UnreachableError);
  expect(error).toMatchObject({ message: "reading Workspace acme in root:orgs: no answer within 0.03 s" });
  expect(world.counted).toMatchObject([{ code: "<error>" }]);
});

test("an identity that takes too long to be proven is an UnreachableError too", async () => {
  await using world = await kcp((_seen, response) => sendJson(response, 200, workspace));
  const headers = () => new Promise<never>(() => undefined);
  const client = createClient({ config: { ...world.config, headers }, timeoutMs: 30 });
  await expect(client.get("Workspace", "id1", "acme")).rejects.toThrow("no answer within 0.03 s");
});

test("a call ends with its signal, and with that signal's reason", async () => {
  await using world = await kcp(() => undefined);
  const signal = AbortSignal.timeout(20);
  await expect(world.client.get("Workspace", "id1", "acme", { signal })).rejects.toBe(await aborted(signal));
});

test("a connection that the server closed while it was idle is replaced", async () => {
  let used = 0;
  await using world = await kcp((_seen, response) => {
    used++;
    if (used === 2) response.socket?.resetAndDestroy();
    else sendJson(response, 200, workspace);
  });
  await world.client.get("Workspace", "id1", "acme");
  await expect(world.client.get("Workspace", "id1", "acme")).resolves.toMatchObject({ kind: "Workspace" });
  expect(used).toBe(3);
});

test("with several shards the one that has the workspace answers", async () => {
  await using stranger = await kcp((_seen, response) => sendJson(response, 404, status(404, "NotFound")));
  await using home = await kcp((_seen, response) => sendJson(response, 200, workspace));
  const basesOf = () => [stranger.server.url, home.server.url];
  const client = createClient({ config: home.config, basesOf });
  expect(await client.get("Workspace", "id1", "acme")).toMatchObject({ kind: "Workspace" });
  client.close();
});

test("without any shard nothing is taken for absent", async () => {
  await using world = await kcp((_seen, response) => sendJson(response, 200, workspace));
  const client = createClient({ config: world.config, basesOf: () => [] });
  await expect(client.get("Workspace", "id1", "acme")).rejects.toThrow(UnreachableError);
  client.close();
});

test("objects of unknown resources are read and listed too", async () => {
  await using world = await kcp(({ url }, response) =>
    url.pathname.endsWith("/cm")
      ? sendJson(response, 200, { kind: "ConfigMap", metadata: { name: "cm" } })
      : sendJson(response, 200, { apiVersion: "v1", kind: "ConfigMapList", metadata: {}, items: [{}, {}] }),
  );
  const where = { cluster: "root", namespace: "default" };
  expect(await world.client.read<KubeObject>(configMaps, { ...where, name: "cm" })).toMatchObject({
    kind: "ConfigMap",
  });
  expect(await world.client.readAll<KubeObject>(configMaps, where)).toHaveLength(2);
});

async function aborted(signal: AbortSignal): Promise<unknown> {
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
  return signal.reason;
}
