/** `make check` and `make test`: runs every suite, then says how each ended and, in the last line, all together. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, relative } from "node:path";
import { obtain } from "../tools/obtain.ts";
import { orphaned } from "../tools/orphaned.ts";
import { root } from "../tools/paths.ts";
import { elapsed, say } from "../tools/progress.ts";
import { runCommand } from "../tools/run-command.ts";
import { Supervised } from "../tools/supervised.ts";
import { format, lineCoverage, oneFailed, onePassed, sum, type Tally, talliesByFile } from "./report.ts";

const minimumCoverage = 90;
const coverageFolder = join(root, "coverage");

interface Result {
  readonly suite: string;
  readonly tally: Tally;
  readonly note?: string;
}

const statics = [
  { suite: "format and lint", command: "biome", args: ["ci", "--colors=off", "."] },
  { suite: "lint with types", command: "oxlint", args: [] },
  { suite: "types", command: "tsc", args: ["--noEmit"] },
];

const quick = process.argv[2] === "check";
const start = performance.now();
const env = { ...process.env, PATH: [join(root, "node_modules", ".bin"), process.env.PATH].join(delimiter) };

void orphaned().then(() => process.exit(1));

const results: Result[] = [];
const noServers = quick ? undefined : await setUpServers();
if (noServers) results.push(noServers);
const cases = runVitest({ real: !quick && !noServers, coverage: !quick });
results.push(...(await Promise.all(statics.map(runStatic))), ...(await cases));
if (!quick) results.push(await coverage());
conclude();

/** The programs that tests on real servers need, made before the clock of any test runs. Answers only a failure. */
async function setUpServers(): Promise<Result | undefined> {
  try {
    for (const name of ["kcp", "nats-server"] as const) await obtain(name);
    env.PATH = [env.PATH, dirname(await obtain("kubectl"))].join(delimiter);
    return undefined;
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    return { suite: "obtaining servers", tally: oneFailed, note: "the suites on real servers could not run" };
  }
}

async function runStatic({ suite, command, args }: (typeof statics)[number]): Promise<Result> {
  const begin = performance.now();
  try {
    await runCommand(command, args, { cwd: root, env, tail: Number.POSITIVE_INFINITY });
    return { suite, tally: onePassed, note: elapsed(begin) };
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    return { suite, tally: oneFailed };
  }
}

/** Unit and real suites in one run, so that their coverage is one. */
async function runVitest({ real, coverage }: { real: boolean; coverage: boolean }): Promise<Result[]> {
  const folder = await mkdtemp(join(tmpdir(), "tests-"));
  const report = join(folder, "report.json");
  const args = ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  if (!real) args.push("--project=unit");
  if (coverage) {
    args.push("--coverage");
    await rm(coverageFolder, { recursive: true, force: true });
  }
  const code = await new Supervised("vitest", args, { cwd: root, env, output: "inherit" }).exited;
  try {
    const results = await bySuite(talliesByFile(await readFile(report, "utf8")));
    // Errors outside of any case, or a run that was cut short.
    const silent = code !== 0 && results.every(({ tally }) => tally.failed === 0);
    return silent ? [...results, { suite: "vitest", tally: oneFailed, note: `ended with code ${code}` }] : results;
  } catch (error) {
    return [{ suite: "vitest", tally: oneFailed, note: `ended with code ${code} and no report: ${error}` }];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function bySuite(files: Map<string, Tally>): Promise<Result[]> {
  const isReal = (file: string) => file.endsWith(".real.test.ts") || relative(root, file).startsWith("test/e2e/");
  const [real, unit] = [[...files].filter(([file]) => isReal(file)), [...files].filter(([file]) => !isReal(file))];
  const results: Result[] = [{ suite: "unit", tally: tallyOf(unit) }];
  if (real.length === 0) return results;
  const onKcp = (await Promise.all(real.map(async (one) => ((await usesKcp(one[0])) ? [one] : [])))).flat();
  return [
    ...results,
    { suite: "real servers", tally: tallyOf(real), note: `${ran(tallyOf(onKcp))} ran on a real kcp` },
  ];
}

async function usesKcp(file: string): Promise<boolean> {
  return relative(root, file).startsWith("test/e2e/") || /\bstartKcp\b/.test(await readFile(file, "utf8"));
}

async function coverage(): Promise<Result> {
  const suite = "coverage";
  try {
    const { all, byFolder } = lineCoverage(await readFile(join(coverageFolder, "coverage-summary.json"), "utf8"), root);
    const folders = [...byFolder].map(([folder, percent]) => `${folder}/ ${percent.toFixed(1)} %`);
    const note = `${all.toFixed(1)} % of lines, at least ${minimumCoverage} % wanted: ${folders.join(", ")}`;
    return { suite, tally: all >= minimumCoverage ? onePassed : oneFailed, note };
  } catch (error) {
    return { suite, tally: oneFailed, note: `no report: ${error}` };
  }
}

function tallyOf(files: readonly (readonly [string, Tally])[]): Tally {
  return sum(files.map(([, tally]) => tally));
}

function ran({ passed, failed }: Tally): string {
  return `${passed + failed} cases`;
}

function conclude(): void {
  const all = sum(results.map(({ tally }) => tally));
  for (const { suite, tally, note } of results)
    console.log(`${suite.padEnd(22)} ${format(tally)}${note ? `  (${note})` : ""}`);
  console.log(`in ${elapsed(start)}`);
  console.log(format(all));
  process.exitCode = all.failed === 0 && all.passed > 0 ? 0 : 1;
}
