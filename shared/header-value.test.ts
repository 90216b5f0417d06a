import fc from "fast-check";
import { expect, it } from "vitest";
import { decodeHeaderValue, encodeHeaderValue } from "./header-value.ts";

const text = fc.string({ unit: "binary" }).filter((value) => value.isWellFormed());

it("encodes to printable ASCII without space, quote and bare percent, and back", () => {
  fc.assert(
    fc.property(text, (value) => {
      const encoded = encodeHeaderValue(value);
      expect(encoded).toMatch(/^(?:[\x21\x23\x24\x26-\x7e]|%[0-9A-F]{2})*$/);
      expect(decodeHeaderValue(encoded)).toBe(value);
    }),
  );
});

it.each([
  ["plain", "root:orgs/a-b_c.d~", "root:orgs/a-b_c.d~"],
  ["space, quote and percent", 'a "b" 100%', "a%20%22b%22%20100%25"],
  ["beyond ASCII", "Euro € 😀", "Euro%20%E2%82%AC%20%F0%9F%98%80"],
  ["line breaks", "a\r\nb", "a%0D%0Ab"],
])("encodes %s as the CloudEvents HTTP binding says", (_, value, encoded) => {
  expect(encodeHeaderValue(value)).toBe(encoded);
});

it("leaves a percent alone that starts no byte, and refuses bytes that are no UTF-8", () => {
  expect(decodeHeaderValue("100% sure")).toBe("100% sure");
  expect(() => decodeHeaderValue("%FF")).toThrow(URIError);
});
