import { expect, test } from "vitest";
import type { CloudEvent } from "../shared/event.ts";
import { UsageError } from "./errors.ts";
import { HistoryRange } from "./history-range.ts";

const now = Date.parse("2026-01-01T12:00:00Z");
/** Event n happened at minute n. */
const event = (minute: number): CloudEvent => ({
  ...{ specversion: "1.0", id: String(minute), source: "s", type: "t" },
  time: `2026-01-01T12:${String(minute).padStart(2, "0")}:00Z`,
});
const all = Array.from({ length: 10 }, (_, index) => ({ sequence: index + 1, event: event(index + 1) }));

test.each([
  [{}, "1 2 3 4 5 6 7 8 9 10", "1 2 3 4 5 6 7 8 9 10"],
  [{ from: "3", to: "5" }, "3 4 5", "3 4 5"],
  [{ from: "2026-01-01T12:08:30Z" }, "9 10", "9 10"],
  [{ to: "2026-01-01T12:02:00Z" }, "1 2", "1 2"],
  [{ from: "9", to: "2026-01-01T12:09:59Z" }, "9", "9"],
  [{ from: "99" }, "", ""],
  [{ from: "5m", to: "0s" }, "1 2 3", "1 2 3", now + 3 * 60_000],
])("%o holds the events %s and what was done with them", (flags: object, events: string, causes: string, at = now) => {
  const range = new HistoryRange({ from: undefined, to: undefined, ...flags }, at);
  const numbers = (held: typeof all) => held.map(({ sequence }) => sequence).join(" ");
  expect(numbers(all.filter((stored) => range.holds(stored)))).toBe(events);
  expect(numbers(all.filter((stored) => range.holdsCause(stored.event)))).toBe(causes);
});

test("a late try of an early event belongs to the time of the try, and to the number of its event", () => {
  const late = "2026-01-01T12:09:00Z";
  const by = (flags: object) => {
    const range = new HistoryRange({ from: undefined, to: undefined, ...flags }, now);
    for (const stored of all) range.holds(stored);
    return range.holdsCause(event(2), late);
  };
  expect([by({ from: "2026-01-01T12:08:00Z" }), by({ from: "8" }), by({ to: "2" })]).toEqual([true, false, true]);
});

test.each(["yesterday", "-1", "12:00", "2026-99-01", "1.5"])("%s is refused", (from) => {
  expect(() => new HistoryRange({ from, to: undefined }, now)).toThrow(UsageError);
});
