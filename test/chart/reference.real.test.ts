import { beforeAll, expect, test } from "vitest";
import { type Comparison, compareWithReference } from "./compare-reference.ts";
import { unused } from "./explained.ts";
import { lineDiff } from "./line-diff.ts";
import { referenceCases } from "./reference-facts.ts";

let comparisons: readonly Comparison[];
beforeAll(async () => {
  comparisons = await compareWithReference();
});

test.each(referenceCases.map(({ title }) => title))(
  "002-H80 renders flags, environment, ports, probes and names of the reference: %s",
  (title) => {
    const found = comparisons.find((comparison) => comparison.title === title);
    expect(found?.lines.filter(({ reason }) => reason === undefined)).toEqual([]);
    expect(found?.same).toBeGreaterThan(35);
  },
);

test("every reason for a difference is needed", () => {
  expect(unused(comparisons.flatMap(({ lines }) => lines))).toEqual([]);
});

test("a line that moved is a difference", () => {
  expect(lineDiff(["a", "b", "c"], ["b", "c", "a"])).toEqual([
    { side: "-", line: "a" },
    { side: "+", line: "a" },
  ]);
  expect(lineDiff(["a"], ["a"])).toEqual([]);
});
