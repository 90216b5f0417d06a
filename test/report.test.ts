import { expect, test } from "vitest";
import { format, lineCoverage, parseTallies, talliesBySuite, unsteadyLines } from "./report.ts";

const file = (project: string, path: string, passed: number) => ({
  project,
  file: path,
  tally: { passed, failed: 1, skipped: 0 },
  unsteady: [],
});

test("cases that failed, or passed only when tried again, are named with what they said", () => {
  const unsteady = [
    { name: "a > b", passed: false, message: "expected 1 to be 2\nat a.test.ts:1" },
    { name: "c", passed: true, message: "" },
  ];
  expect(unsteadyLines([{ ...file("real", "test/e2e/a.test.ts", 1), unsteady }])).toEqual([
    "failed: real: a > b\n  expected 1 to be 2\n  at a.test.ts:1",
    "passed when tried again: real: c",
  ]);
});

test("suites are told by backend and folder, in the order of the projects; unit tests are one", () => {
  const files = [
    file("real", "test/e2e/a.test.ts", 1),
    file("real-only", "cli/pm.real.test.ts", 7),
    file("real-cli", "cli/doctor/doctor.kcp.test.ts", 8),
    file("embedded", "test/e2e/a.test.ts", 2),
    file("embedded", "cli/doctor/doctor.kcp.test.ts", 3),
    file("embedded", "cli/bootstrap/rights.kcp.test.ts", 4),
    file("unit", "shared/x.test.ts", 5),
    file("unit", "cli/x.test.ts", 6),
  ];
  const suites = talliesBySuite(parseTallies(JSON.stringify(files)), [
    "unit",
    "embedded",
    "real",
    "real-cli",
    "real-only",
  ]);
  expect([...suites].map(([suite, { passed, failed }]) => [suite, passed, failed])).toEqual([
    ["unit", 11, 2],
    ["embedded e2e", 2, 1],
    ["embedded cli", 7, 2],
    ["real e2e", 1, 1],
    ["real cli", 15, 2],
  ]);
});

test("the closing line names skipped cases only when there are some", () => {
  expect(format({ passed: 3, failed: 1, skipped: 0 })).toBe("3 passed, 1 failed");
  expect(format({ passed: 3, failed: 0, skipped: 2 })).toBe("3 passed, 0 failed, 2 skipped");
});

test("coverage is weighed by lines, not by files", () => {
  const entry = (total: number, covered: number) => ({ lines: { total, covered, skipped: 0, pct: 0 } });
  const json = JSON.stringify({
    total: entry(110, 60),
    "/root/shared/a.ts": entry(90, 45),
    "/root/shared/b.ts": entry(10, 5),
    "/root/functions/c.ts": entry(10, 10),
  });
  const { all, byFolder } = lineCoverage(json, "/root");
  expect(all).toBeCloseTo(54.5, 1);
  expect([...byFolder]).toEqual([
    ["functions", 100],
    ["shared", 50],
  ]);
});
