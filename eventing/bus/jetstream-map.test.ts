import fc from "fast-check";
import { expect, it } from "vitest";
import { decodeToken, encodeToken } from "./jetstream-map.ts";

it("turns any text into one token of a key, and back", () => {
  const text = fc.string({ unit: "binary" }).filter((value) => value.isWellFormed());
  fc.assert(
    fc.property(text, (value) => {
      const token = encodeToken(value);
      expect(token).toMatch(/^[-/=\w]+$/);
      expect(decodeToken(token)).toBe(value);
    }),
  );
});

it("leaves what people read as it is", () => {
  expect(encodeToken("1pw8gxhmoo3kwmwe/team-a")).toBe("1pw8gxhmoo3kwmwe/team-a");
  expect(encodeToken("a.b")).toBe("a=2eb");
});
