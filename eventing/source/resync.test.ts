import { expect, test } from "vitest";
import { type Account, clusterAnnotation } from "../../shared/kcp/objects.ts";
import { ResyncSchedule } from "./resync.ts";

const hour = 3_600_000;
const account = (name: string, ready: boolean, metadata: Partial<Account["metadata"]> = {}): Account => ({
  apiVersion: "core.platform-mesh.io/v1alpha1",
  kind: "Account",
  metadata: {
    name,
    uid: name,
    resourceVersion: "1",
    creationTimestamp: "",
    annotations: { [clusterAnnotation]: "c1" },
    ...metadata,
  },
  spec: { type: "account", displayName: name },
  status: {
    conditions: [{ type: "Ready", status: ready ? "True" : "False", reason: "", message: "", lastTransitionTime: "" }],
  },
});

/** Minutes at which the accounts of each name come up, looked at every five seconds. */
function turns(accounts: readonly Account[], minutes: number, random = () => 0.5): Record<string, number[]> {
  const schedule = new ResyncSchedule(hour, random);
  const found: Record<string, number[]> = {};
  for (let now = 0; now <= minutes * 60_000; now += 5_000) {
    for (const { metadata } of schedule.due(accounts, now)) {
      found[metadata.name] = [...(found[metadata.name] ?? []), Math.round(now / 60_000)];
    }
  }
  return found;
}

test("a Ready account is looked at once an hour", () => {
  expect(turns([account("a", true)], 180)).toEqual({ a: [60, 120, 180] });
});

test("an account on its way is looked at after a minute, then in growing intervals up to an hour", () => {
  const deleting = account("b", true, { deletionTimestamp: "2026-01-01T00:00:00Z" });
  const expected = [1, 3, 7, 15, 31, 63, 123];
  expect(turns([account("a", false), deleting], 130)).toEqual({ a: expected, b: expected });
});

test("accounts do not come up all at once", () => {
  let seed = 0;
  const accounts = Array.from({ length: 200 }, (_, index) => account(`a${index}`, true));
  const times = new Set(Object.values(turns(accounts, 70, () => (seed++ * 0.618) % 1)).flat());
  expect(Math.min(...times)).toBeGreaterThanOrEqual(54);
  expect(Math.max(...times)).toBeLessThanOrEqual(66);
  expect(times.size).toBeGreaterThan(10);
});

test("an account that becomes Ready, and one made again under its name, start anew", () => {
  const schedule = new ResyncSchedule(hour, () => 0.5);
  schedule.due([account("a", false)], 0);
  expect(schedule.due([account("a", true)], 60_000)).toEqual([]);
  expect(schedule.due([account("a", true)], 60_000 + hour)).toHaveLength(1);
  expect(schedule.due([account("a", true, { uid: "other" })], 60_000 + 2 * hour)).toEqual([]);
});
