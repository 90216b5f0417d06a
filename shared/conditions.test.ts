import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Observed, sameStatus, statusOf } from "./conditions.ts";
import type { Account, Condition } from "./kcp/objects.ts";
import { complete, due, failed, type StepState, skipped, stopped } from "./step.ts";

const steps = ["One", "Two", "Three"];
const now = Date.parse("2026-01-01T00:00:00.750Z");

const account = (status?: Account["status"], generation = 1): Account => ({
  apiVersion: "core.platform-mesh.io/v1alpha1",
  kind: "Account",
  metadata: { name: "acme", uid: "u", resourceVersion: "1", creationTimestamp: "2026-01-01T00:00:00Z", generation },
  spec: { type: "org", displayName: "Acme" },
  ...(status && { status }),
});
const chain = (...states: readonly StepState[]): readonly Observed[] =>
  states.map((state, index) => ({ condition: steps[index] ?? "", state }));

const anyState = fc.oneof(
  fc.constant(complete),
  fc.constant(due),
  fc.constant(skipped("off")),
  fc.constant(stopped("waits")),
  fc.constant(failed("broken")),
);
const anyChain = fc.tuple(anyState, anyState, anyState).map((states) => chain(...states));

const byType = (conditions: readonly Condition[], type: string) => conditions.find((c) => c.type === type);

describe("status of an account", () => {
  test("001-F28 Ready is True exactly when every step is True", () => {
    fc.assert(
      fc.property(anyChain, (observed) => {
        const { conditions } = statusOf(account(), observed, now);
        const all = steps.every((type) => byType(conditions, type)?.status === "True");
        expect(byType(conditions, "Ready")?.status === "True").toBe(all);
      }),
    );
  });

  test("deciding again on what was written writes nothing", () => {
    fc.assert(
      fc.property(anyChain, anyChain, (first, second) => {
        const written = statusOf(account(statusOf(account(), first, now)), second, now + 1000);
        const after = account(written);
        expect(sameStatus(after, statusOf(after, second, now + 60_000))).toBe(true);
      }),
    );
  });

  test("lastTransitionTime changes only with status", () => {
    fc.assert(
      fc.property(anyChain, anyChain, (first, second) => {
        const before = statusOf(account(), first, now);
        const after = statusOf(account(before), second, now + 5000);
        for (const condition of after.conditions) {
          const old = byType(before.conditions, condition.type);
          if (old)
            expect(condition.lastTransitionTime === old.lastTransitionTime).toBe(condition.status === old.status);
        }
      }),
    );
  });

  test("002-F35 conditions behind a stop never say True of what is not so", () => {
    const ready = statusOf(account(), chain(complete, complete, complete), now);
    const { conditions } = statusOf(account(ready), chain(stopped("gone"), stopped("waits"), complete), now);
    expect(conditions.map(({ type, status }) => `${type} ${status}`)).toEqual([
      "One False",
      "Two Unknown",
      "Three True",
      "Ready False",
    ]);
  });

  test("keeps conditions of other components and their place", () => {
    const foreign = {
      type: "Billing",
      status: "True",
      reason: "Paid",
      message: "",
      lastTransitionTime: "2025-01-01T00:00:00Z",
    } as const;
    const { conditions } = statusOf(account({ conditions: [foreign] }), chain(complete), now);
    expect(conditions[0]).toBe(foreign);
  });

  test("002-F38 a new generation is observed on every condition with one write", () => {
    const ready = statusOf(account(), chain(complete, complete), now);
    const changed = account(ready, 2);
    const next = statusOf(changed, chain(complete, complete), now);
    expect(sameStatus(changed, next)).toBe(false);
    expect(next.observedGeneration).toBe(2);
    expect(next.conditions.every(({ observedGeneration }) => observedGeneration === 2)).toBe(true);
  });

  test.each([
    ["001-F30 Provisioning on the way up", undefined, stopped("waits"), "Provisioning"],
    ["001-F32 Failed on an error", "Provisioning", failed("broken"), "Failed"],
    ["001-F33 Updating once it was Ready", "Ready", stopped("waits"), "Updating"],
    ["001-F33 Updating after Failed", "Failed", stopped("waits"), "Updating"],
    ["001-F31 Ready when all is done", "Updating", complete, "Ready"],
  ] as const)("%s", (_name, phase, state, expected) => {
    const before = account(phase && { phase });
    expect(statusOf(before, chain(state), now).phase).toBe(expected);
  });

  test("001-F34 Deleting as long as it is there", () => {
    const deleted = account();
    const deleting = { ...deleted, metadata: { ...deleted.metadata, deletionTimestamp: "2026-01-01T00:00:00Z" } };
    expect(statusOf(deleting, chain(complete), now).phase).toBe("Deleting");
  });

  test("times are whole seconds, as metav1.Time", () => {
    expect(statusOf(account(), chain(complete), now).conditions[0]?.lastTransitionTime).toBe("2026-01-01T00:00:00Z");
  });
});
