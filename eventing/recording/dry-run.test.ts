import { expect, test } from "vitest";
import { functions, steps } from "../../functions/index.ts";
import { createInvoke } from "../../shared/invoke.ts";
import type { KubeObject } from "../../shared/kcp/objects.ts";
import type { Client } from "../../shared/kcp/rest.ts";
import { finalizer } from "../../shared/names.ts";
import { defaultSettings } from "../../shared/settings.ts";
import { FakeKcp, orgsCluster } from "../../test/fake-kcp.ts";
import { Functions, forwarded } from "../../test/run-functions.ts";
import { dryRun } from "./dry-run.ts";

const now = () => Date.parse("2026-01-01T00:00:30Z");

function reads(kcp: FakeKcp): Pick<Client, "read" | "readAll"> {
  const kindOf = (plural: string) =>
    [...kcp.objects.values()].find(({ kind }) => plural.startsWith(kind.toLowerCase()))?.kind;
  return {
    read: async <T extends KubeObject>(
      { plural }: { plural: string },
      { cluster, name }: { cluster: string; name: string },
    ) => kcp.objects.get(`${kindOf(plural)} ${cluster} ${name}`) as T | undefined,
    readAll: async <T extends KubeObject>({ plural }: { plural: string }, { cluster }: { cluster: string }) =>
      [...kcp.objects]
        .filter(([key]) => key.startsWith(`${kindOf(plural)} ${cluster} `))
        .map(([, object]) => object as unknown as T),
  };
}

async function tryOut(kcp: FakeKcp, name: string, event = forwarded("Account", `${orgsCluster}/acme`)) {
  const fn = functions.find((each) => each.name === name);
  if (!fn) throw new Error(name);
  const dry = dryRun(reads(kcp), now);
  const invoke = createInvoke({ backend: dry.backend, settings: defaultSettings, steps });
  const outcome = await invoke(fn, event, { ...new Functions(kcp).ctx(1), now });
  return { outcome, writes: dry.writes };
}

test("all that a function would write is shown, each on top of the one before, and nothing is written", async () => {
  const kcp = new FakeKcp();
  kcp.account("acme");
  const before = structuredClone([...kcp.objects]);
  const { outcome, writes } = await tryOut(kcp, "create-workspace");
  expect(
    writes.map(({ verb, resource, target }) => `${verb} ${resource.plural}/${target.subresource ?? ""} ${target.name}`),
  ).toEqual([
    "mergePatch accounts/ acme",
    "create workspacetypes/ acme-org",
    "create workspacetypes/ acme-account",
    "mergePatch accounts/status acme",
  ]);
  expect(writes[0]).toMatchObject({
    before: { metadata: { name: "acme" } },
    after: { metadata: { finalizers: [finalizer.workspaceType, finalizer.account] } },
  });
  expect(writes[1]).toMatchObject({ before: undefined, after: { metadata: { name: "acme-org" } } });
  expect(outcome.kind).toBe("waiting");
  expect([...kcp.objects]).toEqual(before);
  expect(kcp.written()).toEqual([]);
});

test("a write that would take the last finalizer away leaves nothing behind", async () => {
  const kcp = new FakeKcp();
  kcp.account("acme");
  kcp.change("Account", orgsCluster, "acme", {
    metadata: { finalizers: [finalizer.account], deletionTimestamp: "2026-01-01T00:00:10Z" },
  });
  const { outcome, writes } = await tryOut(
    kcp,
    "remove-workspace",
    forwarded("Account", `${orgsCluster}/acme`, { deleting: true }),
  );
  expect(outcome.kind).toBe("done");
  expect(writes).toHaveLength(1);
  expect(writes[0]?.after).toBeUndefined();
});

test("what the server would refuse for the present state is refused", async () => {
  const kcp = new FakeKcp();
  kcp.account("acme");
  const { writer, reader } = dryRun(reads(kcp), now).backend;
  const accounts = { group: "core.platform-mesh.io", version: "v1alpha1", plural: "accounts" };
  const at = (name: string) => ({ cluster: orgsCluster, name });
  await expect(writer.mergePatch(accounts, at("none"), {})).rejects.toMatchObject({ code: 404 });
  await expect(
    writer.create(accounts, orgsCluster, { apiVersion: "v1", kind: "Account", metadata: { name: "acme" } }),
  ).rejects.toMatchObject({ reason: "AlreadyExists" });
  await expect(writer.mergePatch(accounts, at("acme"), { metadata: { resourceVersion: "0" } })).rejects.toMatchObject({
    reason: "Conflict",
  });
  await expect(writer.delete(accounts, at("acme"), { uid: "another" })).rejects.toMatchObject({ reason: "Conflict" });
  expect(await writer.delete(accounts, at("none"))).toBeUndefined();
  expect(await writer.delete(accounts, at("acme"))).toBeUndefined();
  expect(await reader.get("Account", orgsCluster, "acme")).toBeUndefined();
  expect(await reader.list("Account", orgsCluster)).toEqual([]);
});
