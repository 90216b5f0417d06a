import fc from "fast-check";
import { expect, test } from "vitest";
import { changedPaths, planObject } from "./plan.ts";

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

// A binding is marked for replication as long as its role exists, by kcp itself, between any two looks.
test("annotations of kcp's own are no difference", async () => {
  const binding = { apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRoleBinding" };
  const answers = (annotations: object) => async () => ({ ...binding, metadata: { name: "operator", annotations } });
  const stateAmong = async (applied: object) => {
    const client = { read: answers({}), apply: answers(applied) };
    return (await planObject(client as never, "root", { ...binding, metadata: { name: "operator" } })).state;
  };
  expect(await stateAmong({ "internal.kcp.io/replicate": "*" })).toBe("same");
  expect(await stateAmong({ "example.org/note": "more" })).toBe("differs");
});
