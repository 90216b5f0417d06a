import fc from "fast-check";
import { expect, test } from "vitest";
import { formatDuration, parseDuration } from "./duration.ts";

test.each([
  ["0", 0],
  ["1m", 60_000],
  ["1m30s", 90_000],
  ["1.5h", 5_400_000],
  ["300ms", 300],
  ["2us", 0.002],
  ["1h2m3s4ms", 3_723_004],
])("%s is %d ms", (text, ms) => expect(parseDuration(text)).toBe(ms));

test.each(["", "90", "-1s", "1 s", "1d", "s", "1m30", "1..5s"])("%j is no duration", (text) => {
  expect(parseDuration(text)).toBeUndefined();
});

test("parts add up in any order", () => {
  fc.assert(
    fc.property(fc.nat(100), fc.nat(100), fc.nat(100), (h, m, s) => {
      expect(parseDuration(`${s}s${h}h${m}m`)).toBe(((h * 60 + m) * 60 + s) * 1000);
    }),
  );
});

test.each([
  [0, "0.0s"],
  [2_640, "2.6s"],
  [41_000, "41s"],
  [119_999, "119s"],
  [150_000, "2m"],
  [3 * 3_600_000, "3h"],
  [49 * 3_600_000, "2d"],
])("%d ms reads %s", (ms, text) => expect(formatDuration(ms)).toBe(text));
