import { expect, test } from "vitest";
import { differences, diffLines } from "./diff.ts";
import { styleOf } from "./style.ts";

const lines = (before: unknown, after: unknown) => diffLines(before, after, styleOf({ color: false }));

test.each<[string, unknown, unknown, readonly string[]]>([
  ["equal values say nothing", { a: [1, { b: null }] }, { a: [1, { b: null }] }, []],
  [
    "a changed field",
    { status: { phase: "Ready" } },
    { status: { phase: "Failed" } },
    ['- status.phase: "Ready"', '+ status.phase: "Failed"'],
  ],
  ["a field on one side", { spec: {} }, { spec: { type: { name: "org" } } }, ['+ spec.type.name: "org"']],
  [
    "a new object, field by field",
    undefined,
    { kind: "A", spec: { x: 1, y: [2] } },
    ['+ kind: "A"', "+ spec.x: 1", "+ spec.y: [2]"],
  ],
  ["an object that goes", { kind: "A" }, undefined, ['- kind: "A"']],
  [
    "conditions by their type, whatever their order",
    {
      conditions: [
        { type: "A", status: "True" },
        { type: "B", status: "True" },
      ],
    },
    {
      conditions: [
        { type: "B", status: "False" },
        { type: "A", status: "True" },
        { type: "C", status: "True" },
      ],
    },
    [
      '- conditions[B].status: "True"',
      '+ conditions[B].status: "False"',
      '+ conditions[C]: {"type":"C","status":"True"}',
    ],
  ],
  [
    "what changes of a condition in one line",
    { conditions: [{ type: "A", status: "False", reason: "Stopped", message: "m" }] },
    { conditions: [{ type: "A", status: "True", reason: "Complete", message: "m" }] },
    [
      '- conditions[A]: {"status":"False","reason":"Stopped"}',
      '+ conditions[A]: {"status":"True","reason":"Complete"}',
    ],
  ],
  [
    "plain lists as a whole",
    { finalizers: ["a"] },
    { finalizers: ["a", "b"] },
    ['- finalizers: ["a"]', '+ finalizers: ["a","b"]'],
  ],
  ["names with dots in quotes", { labels: { "a.b/c": "1" } }, { labels: {} }, ['- labels."a.b/c": "1"']],
  [
    "names with dots in quotes",
    { labels: { "a.b/c": "1" } },
    { labels: { "a.b/c": "2" } },
    ['- labels."a.b/c": "1"', '+ labels."a.b/c": "2"'],
  ],
  ["values that are no objects", 1, "1", ["- (all): 1", '+ (all): "1"']],
])("%s", (_name, before, after, expected) => {
  expect(lines(before, after)).toEqual(expected);
});

test("a field that is set to undefined or null is told from one that is not there", () => {
  expect(differences({ a: null }, {})).toEqual([{ path: "a", before: null }]);
  expect(differences({}, { a: null })).toEqual([{ path: "a", after: null }]);
});

test("of long values the part that differs is shown", () => {
  const [before = "", after = ""] = lines({ ca: `${"x".repeat(500)}1` }, { ca: `${"x".repeat(500)}2` });
  expect(before).toMatch(/^- ca: …x+1"$/);
  expect(after).toMatch(/^\+ ca: …x+2"$/);
});
