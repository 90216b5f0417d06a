import { writeFileSync } from "node:fs";
import { relative } from "node:path";
import { stripVTControlCharacters } from "node:util";
import type { Reporter, TestCase, TestModule } from "vitest/node";
import { root } from "../tools/paths.ts";
import type { FileTally, Unsteady } from "./report.ts";

/** Writes what became of each test file, in which project, to the file that TALLIES names. */
export default class TallyReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const file = process.env.TALLIES;
    if (file) writeFileSync(file, JSON.stringify(modules.map(tallyOf)));
  }
}

function tallyOf(module: TestModule): FileTally {
  const tests = [...module.children.allTests()];
  const states = tests.map((test) => test.result().state);
  const count = (wanted: string) => states.filter((state) => state === wanted).length;
  const [passed, failed] = [count("passed"), count("failed")];
  // A file that could not be loaded or set up has failed, though none of its cases has.
  const couldNotRun = module.state() === "failed" && failed === 0 ? 1 : 0;
  const tally = { passed, failed: failed + couldNotRun, skipped: states.length - passed - failed };
  const unsteady = [...errorsOf(module.errors(), module.moduleId), ...tests.flatMap(unsteadinessOf)];
  return { project: module.project.name, file: relative(root, module.moduleId), tally, unsteady };
}

function unsteadinessOf(test: TestCase): readonly Unsteady[] {
  const { state, errors = [] } = test.result();
  const passed = state === "passed";
  if (state === "skipped" || (passed && !test.diagnostic()?.flaky)) return [];
  return [{ name: test.fullName, passed, message: errors.map(beginningOf).join("\n") }];
}

const errorsOf = (errors: readonly { readonly message: string }[], file: string): readonly Unsteady[] =>
  errors.map((error) => ({ name: relative(root, file), passed: false, message: beginningOf(error) }));

const manyLines = 12;
const manyCharacters = 1500;

/** Enough to tell why: what CI keeps of a run are its last lines. */
const beginningOf = ({ message, stack = "" }: { readonly message: string; readonly stack?: string }): string => {
  const lines = stripVTControlCharacters(message).slice(0, manyCharacters).split("\n").slice(0, manyLines);
  const where = stack.split("\n").find((line) => line.includes(root) && !line.includes("node_modules"));
  return [...lines, ...(where ? [where.trim().replace(`${root}/`, "")] : [])].join("\n");
};
