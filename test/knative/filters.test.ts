import { expect, test } from "vitest";
import { checkFilters, wants } from "./filters.ts";
import type { TriggerSpec } from "./objects.ts";
import { made } from "./world.ts";

const event = made("1", { type: "a.b.c", subject: "/x", kind: "Account" });
type Filters = Pick<TriggerSpec, "filter" | "filters">;

test.each<[string, Filters, boolean]>([
  ["without a filter everything", {}, true],
  ["broker, Trigger: all pairs exactly", { filter: { attributes: { type: "a.b.c", kind: "Account" } } }, true],
  ["one pair that differs", { filter: { attributes: { type: "a.b.c", kind: "Workspace" } } }, false],
  ["case counts", { filter: { attributes: { type: "A.b.c" } } }, false],
  ["an attribute that is not there", { filter: { attributes: { phase: "Ready" } } }, false],
  ["the empty text stands for any value", { filter: { attributes: { kind: "" } } }, true],
  ["though not for none", { filter: { attributes: { phase: "" } } }, false],
  ["exact", { filters: [{ exact: { type: "a.b.c" } }] }, true],
  ["prefix", { filters: [{ prefix: { type: "a.b" } }] }, true],
  ["suffix", { filters: [{ suffix: { type: ".c" } }] }, true],
  ["suffix that differs", { filters: [{ suffix: { type: ".d" } }] }, false],
  ["all", { filters: [{ all: [{ exact: { type: "a.b.c" } }, { exact: { kind: "Other" } }] }] }, false],
  ["any", { filters: [{ any: [{ exact: { type: "x" } }, { exact: { kind: "Account" } }] }] }, true],
  ["not", { filters: [{ not: { exact: { kind: "Account" } } }] }, false],
  ["all of the list must hold", { filters: [{ exact: { type: "a.b.c" } }, { exact: { kind: "Other" } }] }, false],
  [
    "filters go before filter",
    { filter: { attributes: { type: "other" } }, filters: [{ exact: { type: "a.b.c" } }] },
    true,
  ],
])("%s", (_name, filters, expected) => {
  expect(wants(filters, event)).toBe(expected);
});

test("cesql is refused in words for people, wherever it stands", () => {
  expect(() => checkFilters([{ not: { any: [{ cesql: "type = 'x'" }] } }])).toThrow(
    "this double does not evaluate cesql",
  );
});
