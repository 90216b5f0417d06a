import { expect, test } from "vitest";
import { kinds } from "../shared/kcp/kinds.ts";
import type { Backend } from "../shared/pass.ts";
import { rememberingReads } from "./pass-memory.ts";

function counted() {
  const reads: string[] = [];
  let isBroken = false;
  const read = async (what: string) => {
    reads.push(what);
    if (isBroken) throw new Error("broken");
    return undefined;
  };
  const write = async () => ({}) as never;
  const backend: Backend = {
    reader: {
      get: (kind, cluster, name) => read(`${kind} ${cluster} ${name}`) as never,
      list: async (kind, cluster) => {
        await read(`${kind}s ${cluster}`);
        return [];
      },
    },
    writer: { create: write, mergePatch: write, apply: write, delete: write },
    refresh: async () => {},
  };
  const remembering = rememberingReads(backend);
  return {
    ...remembering,
    reads,
    breaks(broken: boolean) {
      isBroken = broken;
    },
  };
}

test("the same is asked once, until something is written", async () => {
  const { reader, writer, refresh, reads } = counted();
  const look = () =>
    Promise.all([reader.get("Account", "c", "a"), reader.get("Workspace", "c", "a"), reader.list("Account", "c")]);
  const all = ["Account c a", "Workspace c a", "Accounts c"];
  await look();
  await look();
  expect(reads).toEqual(all);
  await writer.mergePatch(kinds.Account, { cluster: "c", name: "a" }, {});
  await look();
  expect(reads).toEqual([...all, ...all]);
  await refresh("Account", "c", "a");
  await look();
  expect(reads).toEqual([...all, ...all, ...all]);
});

test("what failed is asked again", async () => {
  const { reader, reads, breaks } = counted();
  breaks(true);
  await expect(reader.get("Account", "c", "a")).rejects.toThrow("broken");
  breaks(false);
  expect(await reader.get("Account", "c", "a")).toBeUndefined();
  expect(reads).toHaveLength(2);
});
