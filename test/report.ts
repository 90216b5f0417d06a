import { z } from "zod";

/** How the cases of one or more suites ended. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export const nothing: Tally = { passed: 0, failed: 0, skipped: 0 };
export const onePassed: Tally = { ...nothing, passed: 1 };
export const oneFailed: Tally = { ...nothing, failed: 1 };

export function sum(tallies: readonly Tally[]): Tally {
  return tallies.reduce(
    (a, b) => ({ passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped }),
    nothing,
  );
}

/** `3 passed, 0 failed`, with `, 1 skipped` where there are any. */
export function format({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ""}`;
}

/** The part of vitest's JSON report that is read here. */
const reportSchema = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      assertionResults: z.array(z.object({ status: z.string() })),
    }),
  ),
});

/** Tally of each test file, by its absolute path, out of vitest's JSON report. */
export function talliesByFile(json: string): Map<string, Tally> {
  const { testResults } = reportSchema.parse(JSON.parse(json));
  return new Map(testResults.map(({ name, status, assertionResults }) => [name, tallyOf(status, assertionResults)]));
}

/** A file that could not be loaded or set up has failed, though none of its cases has. */
function tallyOf(status: string, cases: readonly { status: string }[]): Tally {
  const passed = cases.filter((one) => one.status === "passed").length;
  const failed = cases.filter((one) => one.status === "failed").length;
  const couldNotRun = status === "failed" && failed === 0 ? 1 : 0;
  return { passed, failed: failed + couldNotRun, skipped: cases.length - passed - failed };
}

const lines = z.object({ lines: z.object({ total: z.number(), covered: z.number() }) });

/** Percentage of lines covered, of all files together and of each top folder, out of a json-summary report. */
export function lineCoverage(
  json: string,
  root: string,
): { readonly all: number; readonly byFolder: Map<string, number> } {
  const { total, ...files } = z.record(z.string(), lines).parse(JSON.parse(json));
  const folders = Map.groupBy(Object.entries(files), ([file]) => file.slice(root.length + 1).split("/")[0] ?? "");
  const byFolder = [...folders].map(
    ([folder, entries]) => [folder, percent(entries.map(([, entry]) => entry))] as const,
  );
  return { all: percent(total ? [total] : []), byFolder: new Map(byFolder.toSorted(([a], [b]) => (a < b ? -1 : 1))) };
}

function percent(entries: readonly z.infer<typeof lines>[]): number {
  const total = entries.reduce((count, entry) => count + entry.lines.total, 0);
  const covered = entries.reduce((count, entry) => count + entry.lines.covered, 0);
  return total === 0 ? 0 : (100 * covered) / total;
}
