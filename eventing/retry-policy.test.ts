import { expect, it } from "vitest";
import { backoffMs } from "./retry-policy.ts";

it("doubles the wait from half a second to half a minute", () => {
  const attempts = Array.from({ length: 9 }, (_, index) => index + 1);
  expect(attempts.map((attempt) => backoffMs(attempt, 1))).toEqual([
    500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000,
  ]);
});

it("spreads the tries over the upper half of the wait", () => {
  expect([0, 0.5, 0.999].map((random) => backoffMs(2, random))).toEqual([500, 750, 1000]);
  expect(backoffMs(10_000, 0)).toBe(15_000);
});
