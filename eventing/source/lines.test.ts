import fc from "fast-check";
import { expect, test } from "vitest";
import { lines } from "./lines.ts";

async function* stream(text: string, cuts: readonly number[]): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text);
  const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  for (const [index, start] of at.slice(0, -1).entries()) yield bytes.subarray(start, at[index + 1]);
}

test("lines come out whole, wherever the network cuts them", async () => {
  const line = fc
    .string({ unit: "grapheme", minLength: 1 })
    .filter((text) => !text.includes("\n") && text.trim() !== "");
  await fc.assert(
    fc.asyncProperty(fc.array(line), fc.array(fc.nat()), async (expected, cuts) => {
      const text = expected.map((each) => `${each}\n`).join("");
      expect(await all(lines(stream(text, cuts), 1_000_000))).toEqual(expected);
    }),
  );
});

test("a line that was cut off is not passed on", async () => {
  expect(await all(lines(stream('{"a":1}\n{"b":', [3]), 100))).toEqual(['{"a":1}']);
});

test("a line without end is refused before it fills the memory", async () => {
  await expect(all(lines(stream("x".repeat(101), [50]), 100))).rejects.toThrow("more than 100 bytes");
});

async function all(values: AsyncIterable<string>): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const value of values) found.push(value);
  return found;
}
