import { expect, test } from "vitest";
import { FakeClusters } from "../../test/fake-clusters.ts";
import { FakeFga } from "../../test/fake-fga.ts";
import { FakeIdentity } from "../../test/fake-identity.ts";
import { FakeKcp } from "../../test/fake-kcp.ts";
import { DryRunEnd, dryOutside } from "./dry-outside.ts";

const tuple = { user: "user:alice", relation: "assignee", object: "role:acme/owner" };
const organization = { name: "acme", uid: "1", displayName: "Acme" };

async function dry() {
  const fga = new FakeFga();
  const identity = new FakeIdentity();
  const outside = dryOutside({ fga, identity, clusters: new FakeClusters(new FakeKcp(), "root:security") });
  if (!outside.fga || !outside.identity) throw new Error("a service is lost");
  return { fga, dryFga: outside.fga, dryIdentity: outside.identity };
}

test("what is there is looked at, and stays as it is", async () => {
  const { fga, dryFga } = await dry();
  const store = await fga.createStore({ name: "acme" });
  await dryFga.write({ store: store.id, writes: [tuple], deletes: [] });
  await dryFga.deleteStore({ id: store.id });
  expect(await dryFga.findStores({ name: "acme" })).toEqual([store]);
  expect(await dryFga.read({ store: store.id, filter: {} })).toEqual([]);
});

test("a store that would be created is empty until the end, and never there", async () => {
  const { fga, dryFga } = await dry();
  const store = await dryFga.createStore({ name: "acme" });
  expect(await dryFga.getStore({ id: store.id })).toEqual(store);
  expect(await dryFga.latestModel({ store: store.id })).toBeUndefined();
  expect(await dryFga.writeModel({ store: store.id, model: { schema_version: "1.1", type_definitions: [] } })).toBe(
    "(model that would be written)",
  );
  await dryFga.write({ store: store.id, writes: [tuple], deletes: [] });
  expect(await dryFga.read({ store: store.id, filter: {} })).toEqual([]);
  expect(await fga.findStores({ name: "acme" })).toEqual([]);
});

test("it ends where only a server could tell what comes next", async () => {
  const { dryIdentity } = await dry();
  await dryIdentity.removeOrganization(organization);
  await expect(dryIdentity.ensureOrganization(organization)).rejects.toThrow(DryRunEnd);
});
