import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { asObject, equal, type Json, type JsonObject } from "../json.ts";
import { anything, byKeys, object, setOf, text, whole } from "../schema/schema.ts";
import { intersect, isEmpty, members, subtract, union } from "./field-set.ts";
import { difference, fieldsOf } from "./fields.ts";
import { applyTo, type Manager, trackUpdate } from "./managed-fields.ts";
import { jsonPatch, mergePatch, strategicPatch } from "./patches.ts";

const schema = object({
  spec: object({
    name: text(),
    size: whole(),
    tags: setOf(text()),
    conditions: byKeys(["type"], object({ "type!": text(), status: text() })),
    data: anything(),
  }),
});
const manager = (name: string): Manager => ({ name, apiVersion: "v1", subresource: undefined, time: "now" });
const plain = { force: false, hasStructs: false };
const by = (name: string, spec: object, live?: JsonObject, force = false): JsonObject => {
  const { object: made, managedFields } = applyTo(schema, live, { spec: spec as Json }, manager(name), {
    ...plain,
    force,
  });
  return { ...made, metadata: { ...asObject(made.metadata), managedFields } };
};

describe("server-side apply", () => {
  test("items of a keyed list belong to who applied them", () => {
    const first = by("one", { conditions: [{ type: "A", status: "True" }] });
    const second = by("two", { conditions: [{ type: "B", status: "True" }] }, first);
    expect(second.spec).toEqual({
      conditions: [
        { type: "A", status: "True" },
        { type: "B", status: "True" },
      ],
    });
    expect(by("one", {}, second).spec).toEqual({ conditions: [{ type: "B", status: "True" }] });
  });

  test("what two managers apply alike is shared, and stays until both let go", () => {
    const shared = by("two", { size: 1 }, by("one", { size: 1, name: "x" }));
    const left = by("one", { name: "x" }, shared);
    expect(left.spec).toEqual({ size: 1, name: "x" });
    expect(by("two", {}, left).spec).toEqual({ name: "x" });
  });

  test("names every field in a conflict and its manager", () => {
    const live = by("one", { size: 1, tags: ["a"] });
    expect(() => by("two", { size: 2, tags: ["b"] }, live)).toThrow(
      'Apply failed with 1 conflict: conflict with "one": .spec.size',
    );
    expect(by("two", { size: 2 }, live, true).spec).toEqual({ size: 2, tags: ["a"] });
  });

  test("an update takes what it changes from those who applied it", () => {
    const live = by("one", { size: 1, name: "x" });
    const changed = { ...live, spec: { size: 2, name: "x" } };
    const [applied, updated] = trackUpdate(schema, live, changed, manager("editor"), false);
    expect(applied).toMatchObject({ manager: "one", fieldsV1: { "f:spec": { "f:name": {} } } });
    expect(updated).toMatchObject({ manager: "editor", operation: "Update", fieldsV1: { "f:spec": { "f:size": {} } } });
  });
});

describe("sets of fields", () => {
  const value = fc.record(
    {
      spec: fc.record(
        { name: fc.string(), size: fc.integer(), tags: fc.uniqueArray(fc.constantFrom("a", "b", "c")) },
        { requiredKeys: [] },
      ),
    },
    { requiredKeys: [] },
  );
  const sets = value.map((each) => fieldsOf(schema, each as JsonObject));

  test("union, intersection and difference are those of sets", () => {
    const list = (set: JsonObject) => [...members(set)].map((path) => path.join(" ")).sort();
    const sorted = (paths: readonly string[]) => [...new Set(paths)].sort();
    fc.assert(
      fc.property(sets, sets, (one, other) => {
        const [left, right] = [list(one), list(other)];
        expect(list(union(one, other))).toEqual(sorted([...left, ...right]));
        expect(list(intersect(one, other))).toEqual(left.filter((path) => right.includes(path)));
        expect(list(subtract(one, other))).toEqual(left.filter((path) => !right.includes(path)));
      }),
    );
  });

  test("nothing differs exactly if both are equal", () => {
    fc.assert(
      fc.property(value, value, (one, other) => {
        const { set, removed } = difference(schema, one as JsonObject, other as JsonObject);
        expect(isEmpty(set) && isEmpty(removed)).toBe(
          equal(one as JsonObject, other as JsonObject) || sameTags(one, other),
        );
      }),
    );
  });
});

/** The order of a set means nothing. */
const sameTags = (one: object, other: object): boolean => {
  const sorted = (each: object) =>
    JSON.parse(JSON.stringify(each), (_key, found) =>
      Array.isArray(found) ? found.map(String).toSorted((left, right) => (left < right ? -1 : 1)) : found,
    );
  return equal(sorted(one), sorted(other));
};

describe("patches", () => {
  test("a merge patch removes by null, and replaces lists", () => {
    expect(mergePatch({ a: { b: 1, c: [1, 2] } }, { a: { b: null, c: [3] }, d: {} })).toEqual({ a: { c: [3] }, d: {} });
  });

  test("a JSON patch does all of its operations or none", () => {
    const target = { list: [1, 2], at: { "a/b": "x" } };
    expect(
      jsonPatch(target, [
        { op: "test", path: "/at/a~1b", value: "x" },
        { op: "add", path: "/list/-", value: 3 },
        { op: "move", from: "/list/0", path: "/first" },
        { op: "copy", from: "/first", path: "/second" },
        { op: "remove", path: "/at" },
      ]),
    ).toEqual({ list: [2, 3], first: 1, second: 1 });
    expect(() => jsonPatch(target, [{ op: "remove", path: "/none", value: 1 }])).toThrow("nonexistent key");
    expect(() => jsonPatch(target, [{ op: "add", path: "/list/7", value: 1 }])).toThrow("invalid index");
  });

  test("a strategic patch merges keyed lists item by item", () => {
    const live = { spec: { conditions: [{ type: "A", status: "True" }, { type: "B" }] } };
    const patch = {
      spec: { conditions: [{ type: "A", status: "False" }, { type: "B", $patch: "delete" }, { type: "C" }] },
    };
    expect(strategicPatch(schema, live, patch)).toEqual({
      spec: { conditions: [{ type: "A", status: "False" }, { type: "C" }] },
    });
  });
});
