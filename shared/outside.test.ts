import { expect, test } from "vitest";
import { FakeClusters } from "../test/fake-clusters.ts";
import { FakeFga } from "../test/fake-fga.ts";
import { FakeKcp } from "../test/fake-kcp.ts";
import { callOf, outsideThrough, servicesOf } from "./outside.ts";

const clusters = new FakeClusters(new FakeKcp(), "root:security");

test("every call goes through, with service, method, arguments and signal; what is absent stays absent", async () => {
  const asked: unknown[] = [];
  const outside = outsideThrough(servicesOf({ clusters, fga: new FakeFga() }), async (...call) => asked.push(call));
  const { signal } = new AbortController();
  await outside.fga?.getStore({ id: "1" }, { signal });
  await outside.clusters.discover({ cluster: "c" });
  expect(asked).toEqual([
    ["fga", "getStore", { id: "1" }, { signal }],
    ["clusters", "discover", { cluster: "c" }, undefined],
  ]);
  expect(outside.identity).toBeUndefined();
  expect(outsideThrough(servicesOf({ clusters }), async () => undefined).fga).toBeUndefined();
});

test("a call that went through is made on the service itself, and its answer and errors come back", async () => {
  const fga = new FakeFga();
  const real = { clusters, fga };
  const outside = outsideThrough(servicesOf(real), callOf(real));
  expect(await outside.fga?.createStore({ name: "acme" })).toEqual({ id: "acme-store", name: "acme" });
  expect(fga.asked()).toEqual(["createStore acme"]);
  const failure = new Error("down");
  fga.failures.set("findStores", failure);
  await expect(outside.fga?.findStores({ name: "acme" })).rejects.toBe(failure);
});

test("what there is not to call is a bug that is named", async () => {
  expect(() => callOf({ clusters })("clusters", "fly", {})).toThrow("there is no clusters.fly");
});
