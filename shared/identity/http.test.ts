import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type ScriptedServer, scriptedServer, sendJson } from "../../test/scripted-server.ts";
import { selfSigned } from "../self-signed.ts";
import { discover } from "./discovery.ts";
import { createHttp } from "./http.ts";

const tls = selfSigned("localhost");
let folder: string;
let caFile: string;
let server: ScriptedServer;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "identity-"));
  caFile = join(folder, "ca.crt");
  await writeFile(caFile, tls.cert);
  server = await scriptedServer(({ url }, response) => {
    if (url.pathname === "/moved") sendJson(response, 302, {}, { location: "https://example.com/" });
    else if (url.pathname === "/large") response.end("x".repeat(5 * 1024 * 1024));
    else if (url.pathname.startsWith("/broken")) response.end("<html>");
    else if (url.pathname.startsWith("/other")) sendJson(response, 200, { issuer: "https://other.example.com" });
    else sendJson(response, 200, { issuer: `${server.url}/right` });
  }, tls);
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const get = (path: string) => createHttp({ caFile })({ method: "GET", url: server.url + path });

test("a redirect is answered and not followed", async () => {
  expect(await get("/moved")).toMatchObject({ status: 302 });
});

test("an answer without end is cut off", async () => {
  await expect(get("/large")).rejects.toMatchObject({
    problem: "unavailable",
    message: expect.stringContaining("4 MiB"),
  });
});

test("a server that no known CA has signed is not talked to, and the error says what to do", async () => {
  const request = { method: "GET", url: server.url } as const;
  await expect(createHttp({})(request)).rejects.toMatchObject({
    problem: "unavailable",
    message: expect.stringContaining("name the CA"),
  });
  expect(server.seen).toEqual([]);
});

test("a CA file that changes counts from the next request on", async () => {
  const http = createHttp({ caFile });
  const request = { method: "GET", url: server.url } as const;
  await writeFile(caFile, selfSigned("localhost").cert);
  await expect(http(request)).rejects.toMatchObject({ problem: "unavailable" });
  await writeFile(caFile, tls.cert);
  expect(await http(request)).toMatchObject({ status: 200 });
});

test.each(["http://127.0.0.1:1/x?code=secret", "no url"])("%s is refused for not being https", async (url) => {
  const error: unknown = await createHttp({})({ method: "GET", url }).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ problem: "refused", message: expect.stringContaining("no https URL") });
  expect(String(error)).not.toContain("secret");
});

test("S7: a discovery document of another issuer is refused, and so is what is none", async () => {
  const http = createHttp({ caFile });
  expect(await discover(http, { issuer: `${server.url}/right` })).toMatchObject({ issuer: `${server.url}/right` });
  await expect(discover(http, { issuer: `${server.url}/other` })).rejects.toMatchObject({
    problem: "refused",
    message: expect.stringMatching(/is of issuer https:\/\/other.example.com, not .*\/other/),
  });
  await expect(discover(http, { issuer: `${server.url}/broken` })).rejects.toMatchObject({ problem: "refused" });
});
