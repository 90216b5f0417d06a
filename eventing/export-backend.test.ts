import { beforeEach, expect, test } from "vitest";
import { ApiError } from "../shared/kcp/client.ts";
import type { Client } from "../shared/kcp/rest.ts";
import { exportBackend } from "./export-backend.ts";

const forbidden = new ApiError("access denied", { code: 403, reason: "Forbidden" });
/** Answers, by kind and cluster; everything else is forbidden. */
let shown: Map<string, unknown>;
let asked: string[];

async function look(what: string): Promise<unknown> {
  asked.push(what);
  const answer = shown.has(what) ? shown.get(what) : forbidden;
  if (answer instanceof Error) throw answer;
  return answer;
}
const reader = () =>
  exportBackend({
    get: (kind: string, cluster: string) => look(`${kind} in ${cluster}`),
    list: (kind: string, cluster: string) => look(`${kind} in ${cluster}`),
    request: ({ cluster }: { readonly cluster: string }) => look(`Account in ${cluster}`),
  } as unknown as Client).reader;

beforeEach(() => {
  [shown, asked] = [new Map<string, unknown>([["Account in *", {}]]), []];
});

test("what is in a workspace that the export does not show is not there, as for a source", async () => {
  const { get, list } = reader();
  expect(await get("Account", "root", "platform-mesh-system")).toBeUndefined();
  expect(await get("LogicalCluster", "1new", "cluster")).toBeUndefined();
  expect(await list("Membership", "1gone")).toEqual([]);
  // Whether anything is shown is asked once.
  expect(asked.filter((what) => what === "Account in *")).toHaveLength(1);
});

test("where the workspace is shown a refusal is one", async () => {
  shown.set("LogicalCluster in 1abc", {});
  await expect(reader().get("Account", "1abc", "foo")).rejects.toBe(forbidden);
  await expect(reader().list("Account", "1abc")).rejects.toBe(forbidden);
});

test("who may see nothing at all is told so, and takes no account for gone", async () => {
  shown.delete("Account in *");
  await expect(reader().get("Account", "1abc", "foo")).rejects.toBe(forbidden);
  const unknown = new ApiError("who are you?", { code: 401, reason: "Unauthorized" });
  shown.set("Account in 1abc", unknown);
  await expect(reader().get("Account", "1abc", "foo")).rejects.toBe(unknown);
});

test("a server that does not answer is no workspace that is not shown", async () => {
  const away = new ApiError("overloaded", { code: 503, reason: "ServiceUnavailable" });
  shown.set("LogicalCluster in 1abc", away);
  await expect(reader().get("Account", "1abc", "foo")).rejects.toBe(away);
});

test("what is shown is read once", async () => {
  shown.set("Account in 1abc", { kind: "Account" });
  expect(await reader().get("Account", "1abc", "foo")).toEqual({ kind: "Account" });
  expect(asked).toEqual(["Account in 1abc"]);
});
