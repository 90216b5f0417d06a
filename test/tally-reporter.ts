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
  return [{ name: test.fullName, passed, message: firstLine(errors[0]) }];
}

const errorsOf = (errors: readonly { readonly message: string }[], file: string): readonly Unsteady[] =>
  errors.map((error) => ({ name: relative(root, file), passed: false, message: firstLine(error) }));

const firstLine = (error: { readonly message: string } | undefined): string =>
  stripVTControlCharacters(error?.message ?? "")
    .split("\n", 1)[0]
    ?.slice(0, 300) ?? "";
