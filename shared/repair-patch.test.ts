import fc from "fast-check";
import { expect, test } from "vitest";
import { merge } from "../test/fake-kcp.ts";
import { repairPatch } from "./repair-patch.ts";

const leaf = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.array(fc.string(), { maxLength: 2 }));
const key = fc.constantFrom("a", "b", "c");
const { spec } = fc.letrec<{ spec: Record<string, unknown>; value: unknown }>((tie) => ({
  spec: fc.dictionary(key, tie("value"), { maxKeys: 3 }),
  value: fc.oneof({ maxDepth: 3 }, leaf, tie("spec")),
}));

test("turns what is there into what is wanted, whatever it is", () => {
  fc.assert(
    fc.property(spec, spec, (have, want) => {
      expect(merge(have, repairPatch(have, want))).toEqual(want);
    }),
  );
});

test("takes away a field that excludes ours", () => {
  const want = { limitAllowedChildren: { types: [{ name: "acme-account" }] } };
  expect(repairPatch({ limitAllowedChildren: { none: true } }, want)).toEqual({
    limitAllowedChildren: { types: [{ name: "acme-account" }], none: null },
  });
});
