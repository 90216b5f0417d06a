/** `make check`, `make quick` and `make test`: runs their suites, then says how each ended and, in the last line, all. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { backendName } from "../tools/backend.ts";
import { bundlePm } from "../tools/bundle.ts";
import { preparedKcpData } from "../tools/kcp-server.ts";
import { obtainApiServer } from "../tools/knative/validation-server.ts";
import { chartToolNames, imageToolNames, obtain } from "../tools/obtain.ts";
import { orphaned } from "../tools/orphaned.ts";
import { root } from "../tools/paths.ts";
import { elapsed, say } from "../tools/progress.ts";
import { runCommand } from "../tools/run-command.ts";
import { Supervised } from "../tools/supervised.ts";
import {
  format,
  lineCoverage,
  oneFailed,
  onePassed,
  parseTallies,
  sum,
  type Tally,
  talliesBySuite,
  unsteadyLines,
} from "./report.ts";

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
const start = performance.now();
const env = {
  ...process.env,
  // kcp, NATS and OpenFGA spend a tenth less time when they collect their garbage more seldom.
  GOGC: process.env.GOGC ?? "400",
  PATH: [join(root, "node_modules", ".bin"), process.env.PATH].join(delimiter),
};
const [, , scope = "test"] = process.argv;
const isFull = scope === "test";

void orphaned().then(() => process.exit(1));

const results: Result[] = [];
/** Named again where the run is summed up: the tail may be all that is kept of it. */
let unsteady: readonly string[] = [];
const projects = await runnable(wantedProjects());
const cases = runVitest(projects);
results.push(...(await Promise.all(statics.map(runStatic))), ...(await cases));
if (isFull) results.push(await coverage());
conclude();

/** Names of projects in vitest.config.ts. */
function wantedProjects(): readonly string[] {
  if (scope === "check") return ["unit"];
  if (isFull) return ["unit", "embedded", "real", "real-cli", "real-only"];
  try {
    return ["unit", ...(backendName() === "kcp" ? ["real", "real-cli"] : ["embedded"])];
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    console.log(format(oneFailed));
    return process.exit(2);
  }
}

/** Makes what the projects need before the clock of any test runs; those whose servers cannot be had fail and are left
 *  out. */
async function runnable(wanted: readonly string[]): Promise<readonly string[]> {
  if (wanted.length > 1) await bundlePm();
  const onReal = (project: string) => project.startsWith("real");
  if (!wanted.some(onReal)) return wanted;
  try {
    for (const name of ["kcp", "nats-server", "openfga", "keycloak"] as const) await obtain(name);
    await preparedKcpData();
    env.PATH = [env.PATH, dirname(await obtain("kubectl"))].join(delimiter);
    if (isFull) {
      for (const name of [...chartToolNames, ...imageToolNames]) await obtain(name);
      await obtainApiServer();
    }
    return wanted;
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    results.push({ suite: "obtaining servers", tally: oneFailed, note: "the suites on real servers could not run" });
    return wanted.filter((project) => !onReal(project));
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

/** All projects in one run, so that their coverage is one. */
async function runVitest(projects: readonly string[]): Promise<readonly Result[]> {
  const folder = await mkdtemp(join(tmpdir(), "tests-"));
  const tallies = join(folder, "tallies.json");
  // A missing snapshot is a failure, nothing to be written.
  const args = ["run", "--update=none", "--reporter=default", "--reporter=./test/tally-reporter.ts"];
  args.push(...projects.map((project) => `--project=${project}`));
  if (isFull) {
    args.push("--coverage");
    await rm(coverageFolder, { recursive: true, force: true });
  }
  const vitest = new Supervised("vitest", args, { cwd: root, env: { ...env, TALLIES: tallies }, output: "inherit" });
  const code = await vitest.exited;
  try {
    const files = parseTallies(await readFile(tallies, "utf8"));
    unsteady = unsteadyLines(files);
    const results = [...talliesBySuite(files, projects)].map(([suite, tally]) => ({ suite, tally }));
    const silent = projects.filter((project) => !files.some((file) => file.project === project));
    // Errors outside of any case, or a run that was cut short.
    const isUnexplained = code !== 0 && results.every(({ tally }) => tally.failed === 0);
    return [
      ...results,
      ...silent.map((project) => ({ suite: project, tally: oneFailed, note: "no case ran" })),
      ...(isUnexplained ? [{ suite: "vitest", tally: oneFailed, note: `ended with code ${code}` }] : []),
    ];
  } catch (error) {
    return [{ suite: "vitest", tally: oneFailed, note: `ended with code ${code} and no report: ${error}` }];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
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

function conclude(): void {
  const all = sum(results.map(({ tally }) => tally));
  for (const { suite, tally, note } of results)
    console.log(`${suite.padEnd(22)} ${format(tally)}${note ? `  (${note})` : ""}`);
  for (const line of unsteady) console.log(line);
  console.log(`in ${elapsed(start)}`);
  console.log(format(all));
  process.exitCode = all.failed === 0 && all.passed > 0 ? 0 : 1;
}
