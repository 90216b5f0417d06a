import { expect, test } from "vitest";
import { manualClock } from "../../test/manual-clock.ts";
import { decodeInvocation } from "../recording/invocation.ts";
import { recording } from "./archive-contract.ts";
import { accountEvent } from "./contract.ts";
import { fitInvocation } from "./fit-invocation.ts";
import { Losses } from "./losses.ts";

const object = (name: string, length: number) => ({
  ...{ apiVersion: "v1", kind: "ConfigMap", text: "x".repeat(length) },
  metadata: { name, uid: "u", resourceVersion: "1", creationTimestamp: "2026-01-01T00:00:00Z" },
});
const write = { turn: 0, at: 1, ms: 1, verb: "create", resource: { group: "", version: "v1", plural: "x" } } as const;
const large = recording("large", {
  event: accountEvent("large", { data: object("event", 5_000) }),
  objects: [object("first", 10), object("second", 8_000)],
  writes: [{ ...write, target: { cluster: "c", name: "n" }, body: object("sent", 6_000) }],
});

test("the largest objects are left out, and no more of them than must be", () => {
  const marks = (maxBytes: number) => {
    const body = fitInvocation(large, maxBytes);
    if (!body) return undefined;
    expect(body.byteLength).toBeLessThanOrEqual(maxBytes);
    const { event, objects, writes } = decodeInvocation(body);
    return [event.data, ...objects, writes[0]?.body].map((each) => "leftOut" in Object(each));
  };
  expect(marks(30_000)).toEqual([false, false, false, false]);
  expect(marks(15_000)).toEqual([false, false, true, false]);
  expect(marks(9_000)).toEqual([false, false, true, true]);
  expect(marks(4_000)).toEqual([true, false, true, true]);
  expect(marks(100)).toBeUndefined();
});

test("what was recorded is not changed by it", () => {
  const before = structuredClone(large);
  fitInvocation(large, 4_000);
  expect(large).toEqual(before);
});

test("lost recordings are counted, and told once a minute", async () => {
  const told: object[] = [];
  const clock = manualClock();
  const ignore = () => {};
  const losses = new Losses({ debug: ignore, info: ignore, error: ignore, warn: (fields) => told.push(fields) }, clock);
  for (let index = 0; index < 5; index++) losses.add(2, new Error("full"));
  await clock.pass(60_000);
  losses.add(1, "gone");
  expect(told).toEqual([
    { lost: 2, reason: "Error: full" },
    { lost: 9, reason: "gone" },
  ]);
});
