import { describe, expect, test } from "vitest";
import { anything, byKeys, flag, listOf, mapOf, object, type Schema, setOf, text, time, whole } from "./schema.ts";
import { prune, withDefaults } from "./shape.ts";
import { validate, validateObject } from "./validate.ts";

const said = (schema: Schema, value: never, before?: never) =>
  validate(schema, value, "spec", before).map(({ field, message }) => `${field}: ${message}`);

test.each([
  ["a missing field", object({ "a!": text() }), {}, "spec.a: Required value"],
  [
    "another type",
    object({ a: text() }),
    { a: 5 },
    'spec.a: Invalid value: "integer": spec.a in body must be of type string: "integer"',
  ],
  [
    "an enum",
    object({ a: text({ enum: ["x"] }) }),
    { a: "y" },
    'spec.a: Unsupported value: "y": supported values: "x"',
  ],
  ["a length", object({ a: text({ maxLength: 2 }) }), { a: "xyz" }, "spec.a: Too long: may not be more than 2 bytes"],
  [
    "a pattern",
    object({ a: text({ pattern: "^b$" }) }),
    { a: "x" },
    `spec.a: Invalid value: "x": spec.a in body should match '^b$'`,
  ],
  [
    "a time",
    object({ a: time() }),
    { a: "yesterday" },
    'spec.a: Invalid value: "yesterday": spec.a in body must be of type date-time: "yesterday"',
  ],
  [
    "a minimum",
    object({ a: whole({ minimum: 1 }) }),
    { a: 0 },
    "spec.a: Invalid value: 0: spec.a in body should be greater than or equal to 1",
  ],
  ["a set", object({ a: setOf(text()) }), { a: ["x", "x"] }, 'spec.a[1]: Duplicate value: "x"'],
  [
    "a keyed list",
    object({ a: byKeys(["k"], object({ k: text() })) }),
    { a: [{ k: "x" }, { k: "x" }] },
    'spec.a[1]: Duplicate value: {"k":"x"}',
  ],
  [
    "alternatives",
    object({ a: flag(), b: flag() }, { oneOf: [{ required: ["a"] }, { required: ["b"] }] }),
    { a: true, b: true },
    '<nil>: Invalid value: "": "spec" must validate one and only one schema (oneOf). Found 2 valid alternatives',
  ],
] as const)("tells of %s in the words of Kubernetes", (_what, schema, value, message) => {
  expect(said(schema, value as never)).toEqual([message]);
});

test("tells what may not change, also inside a keyed list", () => {
  const item = object({ name: text(), uid: text({ immutable: "uid is immutable" }) });
  const schema = object({ items: byKeys(["name"], item) });
  const value = (uid: string) => ({ items: [{ name: "other" }, { name: "one", uid }] }) as never;
  expect(said(schema, value("b"), value("a"))).toEqual(['spec.items[1].uid: Invalid value: "b": uid is immutable']);
  expect(said(schema, value("a"), value("a"))).toEqual([]);
});

test("says that rules were not looked at where the structure is wrong", () => {
  const schema = object({ "a!": text({ immutable: "no" }) });
  expect(validateObject(schema, {}).map(({ field }) => field)).toEqual(["a", "<nil>"]);
});

describe("the shape of an object", () => {
  const schema = object({
    list: listOf(object({ on: flag({ default: true }) })),
    map: mapOf(object({ size: whole({ default: 1 }) })),
    free: anything(),
    inner: object({ name: text({ default: "x" }) }, { default: {} }),
  });

  test("is completed by defaults at every depth, and unchanged where there are none", () => {
    expect(withDefaults(schema, { list: [{}], map: { a: {} } })).toEqual({
      list: [{ on: true }],
      map: { a: { size: 1 } },
      inner: { name: "x" },
    });
    const complete = { inner: { name: "y" } };
    expect(withDefaults(schema, complete)).toBe(complete);
  });

  test("loses what the schema does not know, and tells where it was", () => {
    const unknown: string[] = [];
    const given = { list: [{ on: false, off: 1 }], free: { any: 1 }, none: 1 };
    expect(prune(schema, given, "", (path) => unknown.push(path))).toEqual({ list: [{ on: false }], free: { any: 1 } });
    expect(unknown).toEqual(["list[0].off", "none"]);
  });
});
