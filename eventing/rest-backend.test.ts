import { expect, test } from "vitest";
import { ApiError } from "../shared/kcp/client.ts";
import type { Client } from "../shared/kcp/rest.ts";
import { restBackend } from "./rest-backend.ts";

const failing = (code: number) => {
  const fail = async () => Promise.reject(new ApiError("no", { code, reason: "" }));
  return restBackend({ get: fail, list: fail } as unknown as Client).reader;
};

test("a workspace that is not bound yet has nothing in it, as in the store of pm run", async () => {
  const reader = failing(403);
  expect(await reader.get("LogicalCluster", "c", "cluster")).toBeUndefined();
  expect(await reader.get("AccountInfo", "c", "account")).toBeUndefined();
  expect(await reader.list("APIBinding", "c")).toEqual([]);
});

test("who may not look at accounts does not take them for gone", async () => {
  await expect(failing(403).get("Account", "c", "acme")).rejects.toThrow("no");
  await expect(failing(403).list("Account", "c")).rejects.toThrow("no");
  await expect(failing(500).get("LogicalCluster", "c", "cluster")).rejects.toThrow("no");
});
