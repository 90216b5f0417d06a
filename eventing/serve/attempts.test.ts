import { expect, test } from "vitest";
import { Attempts } from "./attempts.ts";

const event = (id: string) => ({ specversion: "1.0", id, type: "t", source: "s" }) as const;

test("an attempt counts the failures of its event, in its function", () => {
  const attempts = new Attempts();
  attempts.failed("f", event("1"));
  attempts.failed("f", event("1"));
  expect(attempts.of("f", event("1"))).toBe(3);
  expect(attempts.of("g", event("1"))).toBe(1);
  expect(attempts.of("f", event("2"))).toBe(1);
  attempts.ended("f", event("1"));
  expect(attempts.of("f", event("1"))).toBe(1);
});

test("the events that failed longest ago are forgotten first", () => {
  const attempts = new Attempts();
  attempts.failed("f", event("kept"));
  for (let n = 0; n < 10_000; n++) {
    attempts.failed("f", event(String(n)));
    if (n === 5000) attempts.failed("f", event("kept"));
  }
  expect(attempts.of("f", event("kept"))).toBe(3);
  expect(attempts.of("f", event("0"))).toBe(1);
  expect(attempts.of("f", event("9999"))).toBe(2);
});
