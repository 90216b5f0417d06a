import { expect, test } from "vitest";
import { format, lineCoverage, sum, talliesByFile } from "./report.ts";

const report = (...testResults: object[]) => JSON.stringify({ numTotalTests: 9, testResults });
const cases = (...states: string[]) => states.map((status) => ({ status, title: "x" }));

test("counts passed, failed and skipped cases of each file", () => {
  const json = report(
    { name: "/a.test.ts", status: "failed", assertionResults: cases("passed", "failed", "passed") },
    { name: "/b.test.ts", status: "passed", assertionResults: cases("passed", "pending", "todo") },
  );
  expect(Object.fromEntries(talliesByFile(json))).toEqual({
    "/a.test.ts": { passed: 2, failed: 1, skipped: 0 },
    "/b.test.ts": { passed: 1, failed: 0, skipped: 2 },
  });
});

test("a file that could not be loaded or set up counts as one failure", () => {
  const json = report(
    { name: "/unloadable.test.ts", status: "failed", assertionResults: [] },
    { name: "/no-server.test.ts", status: "failed", assertionResults: cases("skipped", "skipped") },
  );
  expect(sum([...talliesByFile(json).values()])).toEqual({ passed: 0, failed: 2, skipped: 2 });
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
