import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { breakingChanges } from "./schema-changes.ts";

const spec = (schema: object, more: object = {}) => ({
  scope: "Cluster",
  versions: [{ name: "v1", served: true, schema, ...more }],
});
const object = (properties: object, more: object = {}) => ({ type: "object", properties, ...more });
const text = { type: "string" };
const free = { "x-kubernetes-preserve-unknown-fields": true };

describe("an upgrade is refused that", () => {
  test.each<[string, object, object, readonly string[]]>([
    ["removes a field", object({ size: text }), object({}), ["v1.size: removed"]],
    [
      "changes a type",
      object({ size: text }),
      object({ size: { type: "integer" } }),
      ["v1.size: string becomes integer"],
    ],
    [
      "requires a field",
      object({ size: text }),
      object({ size: text }, { required: ["size"] }),
      ["v1: size becomes required"],
    ],
    [
      "limits the values",
      object({ a: text }),
      object({ a: { ...text, enum: ["x"] } }),
      ["v1.a: no longer allows any value"],
    ],
    [
      "allows fewer values",
      object({ a: { ...text, enum: ["x", "y"] } }),
      object({ a: { ...text, enum: ["x", "z"] } }),
      ["v1.a: no longer allows y"],
    ],
    [
      "shortens a text",
      object({ a: { ...text, maxLength: 9 } }),
      object({ a: { ...text, maxLength: 8 } }),
      ["v1.a: maxLength becomes 8"],
    ],
    ["limits a text", object({ a: text }), object({ a: { ...text, maxLength: 8 } }), ["v1.a: maxLength becomes 8"]],
    ["raises a minimum", object({ a: { minimum: 0 } }), object({ a: { minimum: 1 } }), ["v1.a: minimum becomes 1"]],
    ["sets a pattern", object({ a: text }), object({ a: { ...text, pattern: "^x" } }), ["v1.a: pattern changes"]],
    ["forgets unknown fields", object({ a: free }), object({ a: {} }), ["v1.a: unknown fields are no longer kept"]],
    [
      "narrows the items of a list",
      object({ a: { type: "array", items: object({ b: text }) } }),
      object({ a: { type: "array", items: object({}) } }),
      ["v1.a[].b: removed"],
    ],
    [
      "narrows the values of a map",
      object({ a: { type: "object", additionalProperties: object({ b: text }) } }),
      object({ a: { type: "object", additionalProperties: object({ b: { type: "number" } }) } }),
      ["v1.a.*.b: string becomes number"],
    ],
    ["closes a map", object({ a: { additionalProperties: true } }), object({ a: {} }), ["v1.a.*: no longer allowed"]],
  ])("%s", (_, before, after, expected) => {
    expect(breakingChanges(spec(before), spec(after))).toEqual(expected);
  });

  test("no longer serves a version, or changes the scope", () => {
    const before = spec(object({}));
    expect(breakingChanges(before, { ...before, versions: [] })).toEqual(["version v1: removed"]);
    expect(breakingChanges(before, spec(object({}), { served: false }))).toEqual(["version v1: removed"]);
    expect(breakingChanges(before, { ...before, scope: "Namespaced" })).toEqual(["scope: Cluster becomes Namespaced"]);
  });
});

describe("an upgrade goes through that", () => {
  test.each<[string, object, object]>([
    ["adds an optional field", object({}), object({ size: text })],
    ["lifts a limit", object({ a: { ...text, maxLength: 8, enum: ["x"] } }), object({ a: text })],
    ["makes a field optional", object({ a: text }, { required: ["a"] }), object({ a: text })],
    [
      "keys a list",
      object({ a: { type: "array" } }),
      object({ a: { type: "array", "x-kubernetes-list-type": "map" } }),
    ],
    [
      "comes back from kcp with its fields in another order",
      object({ a: { ...text, "x-kubernetes-validations": [{ rule: "true", message: "never" }] } }),
      object({ a: { ...text, "x-kubernetes-validations": [{ message: "never", rule: "true" }] } }),
    ],
    ["describes better", object({ a: text }), object({ a: { ...text, description: "better" } })],
    ["opens an object", object({ a: object({ b: text }) }), object({ a: object({}, free) })],
  ])("%s", (_, before, after) => {
    expect(breakingChanges(spec(before), spec(after))).toEqual([]);
  });
});

interface AnySchema {
  readonly properties?: Readonly<Record<string, AnySchema>>;
  readonly required?: readonly string[];
  readonly maxLength?: number;
}
const { schema: anySchema } = fc.letrec<{ schema: AnySchema }>((tie) => ({
  schema: fc.record(
    {
      type: fc.constantFrom("object", "string"),
      properties: fc.dictionary(fc.constantFrom("a", "b", "c"), tie("schema"), {
        maxKeys: 2,
        depthIdentifier: "schema",
      }),
      required: fc.subarray(["a", "b", "c"]),
      maxLength: fc.nat(9),
    },
    { requiredKeys: [] },
  ),
}));
const withoutLimits = ({ required: _, maxLength: __, properties, ...rest }: AnySchema): object => ({
  ...rest,
  ...(properties && {
    properties: Object.fromEntries(Object.entries(properties).map(([k, v]) => [k, withoutLimits(v)])),
  }),
});

test("a schema may stay as it is, and may lose all its limits", () => {
  fc.assert(
    fc.property(anySchema, (schema) => {
      expect(breakingChanges(spec(schema), spec(schema))).toEqual([]);
      expect(breakingChanges(spec(schema), spec(withoutLimits(schema)))).toEqual([]);
    }),
  );
});
