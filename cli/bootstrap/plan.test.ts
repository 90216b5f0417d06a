import fc from "fast-check";
import { expect, test } from "vitest";
import { changedPaths } from "./plan.ts";

test.each<[string, unknown, unknown, readonly string[]]>([
  ["a value", { a: { b: 1 } }, { a: { b: 2 } }, ["a.b"]],
  ["an item of a list", { a: [1, 2] }, { a: [1, 3] }, ["a[1]"]],
  ["an item more", { a: [1] }, { a: [1, 2] }, ["a[1]"]],
  ["a field less", { a: 1, b: 2 }, { a: 1 }, ["b"]],
  ["another kind of value", { a: [] }, { a: {} }, ["a"]],
])("names the path of %s", (_, before, after, expected) => {
  expect(changedPaths(before, after)).toEqual(expected);
});

test("finds a change exactly where there is one", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
      expect(changedPaths(one, structuredClone(one))).toEqual([]);
      expect(changedPaths(one, other).length > 0).toBe(changedPaths(other, one).length > 0);
    }),
  );
});
