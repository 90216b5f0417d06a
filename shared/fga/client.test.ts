import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Answer, type ScriptedServer, scriptedServer, sendJson } from "../../test/scripted-server.ts";
import { selfSigned } from "../self-signed.ts";
import { createFga, type FgaClient } from "./client.ts";
import type { Fga } from "./fga.ts";

const store = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
const tuple = { user: "user:alice@x.io", relation: "assignee", object: "role:x" };
let server: ScriptedServer;
let fga: FgaClient;
let answer: Answer;

beforeEach(async () => {
  server = await scriptedServer((seen, response) => answer(seen, response));
  fga = createFga({ url: `${server.url}/`, token: "top-secret", timeoutMs: 30_000 });
});
afterEach(async () => {
  fga.close();
  await server[Symbol.asyncDispose]();
});

async function failure(ask: (of: Fga) => Promise<unknown>) {
  return ask(fga).then(
    () => expect.fail("did not fail"),
    (error: unknown) => error,
  );
}

test.each([
  [500, { code: "internal_error", message: "Internal Server Error" }, "unavailable", "internal_error"],
  [503, "down for a moment", "unavailable", "http_503"],
  [429, { code: "rate_limit_exceeded", message: "slow down" }, "unavailable", "rate_limit_exceeded"],
  [409, { code: "Aborted", message: "transactional write failed due to conflict" }, "unavailable", "Aborted"],
  [401, { code: "unauthenticated", message: "unauthenticated" }, "unavailable", "unauthenticated"],
  [404, "no such page", "unavailable", "http_404"],
  [404, { code: "store_id_not_found", message: "Store ID not found" }, "missing", "store_id_not_found"],
  [400, { code: "validation_error", message: "relation is unknown" }, "refused", "validation_error"],
  [302, "", "unavailable", "http_302"],
])("S18: %i %j is %s, said once, without the key", async (status, body, problem, code) => {
  answer = (_seen, response) => sendJson(response, status, body, { location: "http://127.0.0.1:1/" });
  const error = await failure((of) => of.check({ store, tuple }));
  expect(error).toMatchObject({
    name: "FgaError",
    problem,
    code,
    message: expect.stringMatching(/^checking assignee /),
  });
  expect(server.seen).toHaveLength(1);
  expect(server.seen[0]?.headers.authorization).toBe("Bearer top-secret");
  expect(inspect(error, { depth: 20, showHidden: true })).not.toContain("top-secret");
});

test("S18: no answer in time is unavailable", async () => {
  answer = () => undefined;
  const impatient = createFga({ url: server.url, timeoutMs: 400 });
  const error = await impatient.check({ store, tuple }).catch((failed: unknown) => failed);
  impatient.close();
  expect(error).toMatchObject({ problem: "unavailable", message: expect.stringContaining("no answer within 0.4 s") });
});

test("S18: a server that is not there is unavailable", async () => {
  fga = createFga({ url: "http://127.0.0.1:1", timeoutMs: 5000 });
  expect(await failure((of) => of.createStore({ name: "acme" }))).toMatchObject({
    problem: "unavailable",
    message: expect.stringContaining("creating store acme in OpenFGA: connect ECONNREFUSED"),
  });
});

test("ends with the caller's reason once that gives up", async () => {
  answer = () => undefined;
  await expect(fga.check({ store, tuple }, { signal: AbortSignal.abort(new Error("shutting down")) })).rejects.toThrow(
    "shutting down",
  );
});

test("a store that is gone is none, a server that is wrong is no such answer", async () => {
  answer = (_seen, response) => sendJson(response, 404, { code: "store_id_not_found", message: "gone" });
  expect(await fga.getStore({ id: store })).toBeUndefined();
  expect(await fga.getStore({ id: "whatever somebody wrote" })).toBeUndefined();
  await fga.deleteStore({ id: store });
  answer = (_seen, response) => sendJson(response, 404, "nothing here");
  expect(await failure((of) => of.getStore({ id: store }))).toMatchObject({ problem: "unavailable" });
});

test("S1: stores are found over all pages, by their exact name, oldest first", async () => {
  const found = (id: string, name: string) => ({ id, name, created_at: "2026-01-01T00:00:00Z" });
  answer = ({ url }, response) =>
    url.searchParams.get("continuation_token")
      ? sendJson(response, 200, { stores: [found("1", "acme")], continuation_token: "" })
      : sendJson(response, 200, { stores: [found("2", "acme"), found("0", "acme-2")], continuation_token: "next" });
  expect(await fga.findStores({ name: "acme" })).toEqual([
    { id: "1", name: "acme" },
    { id: "2", name: "acme" },
  ]);
  expect(server.seen.map(({ url }) => url.searchParams.get("name"))).toEqual(["acme", "acme"]);
});

test("S19: writes and deletes of one change go in one request, each tuple once; nothing to do is no request", async () => {
  answer = (_seen, response) => sendJson(response, 200, {});
  const other = { ...tuple, user: "user:bob@x.io" };
  await fga.write({ store, writes: [tuple, tuple], deletes: [other, other] });
  await fga.write({ store, writes: [], deletes: [] });
  expect(server.seen.map(({ body }) => JSON.parse(body))).toEqual([
    {
      writes: { tuple_keys: [tuple], on_duplicate: "ignore" },
      deletes: { tuple_keys: [other], on_missing: "ignore" },
    },
  ]);
});

test("8B.15: a key and a certificate that are renewed work without a restart", async () => {
  const folder = await mkdtemp(join(tmpdir(), "fga-"));
  const files = { tokenFile: join(folder, "token"), caFile: join(folder, "ca.crt") };
  const tls = selfSigned("localhost");
  const allowed: Answer = (_seen, response) => sendJson(response, 200, { allowed: true });
  await using secure = await scriptedServer(allowed, tls);
  const client = createFga({ url: secure.url, ...files, timeoutMs: 30_000 });
  try {
    await writeFile(files.caFile, selfSigned("another").cert);
    await expect(client.check({ store, tuple })).rejects.toThrow("reading the preshared key for OpenFGA");
    await writeFile(files.tokenFile, "first\n");
    await expect(client.check({ store, tuple })).rejects.toThrow("give the CA that signed it");
    await writeFile(files.caFile, tls.cert);
    expect(await client.check({ store, tuple })).toBe(true);
    await writeFile(files.tokenFile, "second\n");
    expect(await client.check({ store, tuple })).toBe(true);
    expect(secure.seen.map(({ headers }) => headers.authorization)).toEqual(["Bearer first", "Bearer second"]);
  } finally {
    client.close();
    await rm(folder, { recursive: true });
  }
});
