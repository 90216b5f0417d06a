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

/** What became of one test file. */
export interface FileTally {
  readonly project: string;
  /** Path below the checkout. */
  readonly file: string;
  readonly tally: Tally;
  /** Cases that failed, or passed only when tried again, each with the beginning of what each try said. */
  readonly unsteady: readonly Unsteady[];
}
export interface Unsteady {
  readonly name: string;
  readonly passed: boolean;
  readonly message: string;
}

/** What a reader of the last lines needs to know of each case that did not simply pass. */
export const unsteadyLines = (files: readonly FileTally[]): readonly string[] =>
  files.flatMap(({ project, unsteady }) =>
    unsteady.map(({ name, passed, message }) => {
      const title = `${passed ? "passed when tried again" : "failed"}: ${project}: ${name}`;
      const lines = message.split("\n").filter((line) => line.trim());
      return [title, ...lines.map((line) => `  ${line}`)].join("\n");
    }),
  );

/** Tally of each suite, named `<backend> <folder>` by the first word of its project; the unit tests are one suite. In the
 *  order of the projects. */
export function talliesBySuite(files: readonly FileTally[], projects: readonly string[]): Map<string, Tally> {
  const suiteOf = ({ project, file }: FileTally) =>
    project === "unit" ? project : `${project.split("-")[0]} ${file.replace(/^test\//, "").split("/")[0]}`;
  const ordered = files.toSorted((a, b) => projects.indexOf(a.project) - projects.indexOf(b.project));
  const suites = Map.groupBy(ordered, suiteOf);
  return new Map([...suites].map(([suite, members]) => [suite, sum(members.map(({ tally }) => tally))]));
}

const fileTallies = z.array(
  z.object({
    project: z.string(),
    file: z.string(),
    tally: z.object({ passed: z.number(), failed: z.number(), skipped: z.number() }),
    unsteady: z.array(z.object({ name: z.string(), passed: z.boolean(), message: z.string() })),
  }),
);

/** What tally-reporter.ts has written. */
export const parseTallies = (json: string): readonly FileTally[] => fileTallies.parse(JSON.parse(json));

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
