import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createEmbedded } from "./embedded.ts";
import { asArray, asObject, at } from "./json.ts";
import { TestServer } from "./test-client.ts";

test("is there within 300 ms", async () => {
  const started = performance.now();
  const server = await createEmbedded();
  const milliseconds = performance.now() - started;
  await server.close();
  expect(milliseconds).toBeLessThan(300);
});

test("goes on with its data, its administrators and its certificate where it was stopped", async () => {
  const folder = await mkdtemp(join(tmpdir(), "embedded-"));
  const dataFile = join(folder, "data");
  const maps = "/clusters/root/api/v1/namespaces/default/configmaps";
  const first = await TestServer.start({ dataFile });
  const { body } = await first.raw("POST", maps, { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "kept" } });
  await first[Symbol.asyncDispose]();
  const second = await TestServer.start({ dataFile });
  expect(second.embedded.adminToken).toBe(first.embedded.adminToken);
  expect((await second.raw("GET", `${maps}/kept`)).body).toEqual(body);
  await second[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

test("answers kubectl with tables, with what it serves, and with schemas", async () => {
  await using server = await TestServer.start();
  const get = async (path: string, accept = "application/json") => {
    const headers = { authorization: `Bearer ${server.embedded.adminToken}`, accept };
    return asObject((await (await fetch(`${server.embedded.url}/clusters/root${path}`, { headers })).json()) as never);
  };
  const table = await get("/apis/apis.kcp.io/v1alpha2/apibindings", "application/json;as=Table;v=v1;g=meta.k8s.io");
  expect(asArray(table.columnDefinitions).map((column) => at(column, "name"))).toEqual(["Name", "Age", "Ready"]);
  expect(at(table.rows, 0, "cells")).toEqual(["tenancy.kcp.io", "0s", "True"]);
  const { groups } = await get("/apis");
  expect(asArray(groups).map((group) => at(group, "name"))).toContain("tenancy.kcp.io");
  const schemas = await get("/openapi/v3/apis/tenancy.kcp.io/v1alpha1", "application/json");
  const name = "io.kcp.tenancy.v1alpha1.Workspace";
  expect(at(schemas, "components", "schemas", name, "properties", "spec", "properties", "cluster")).toEqual({
    type: "string",
  });
});
