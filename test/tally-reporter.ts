import { writeFileSync } from "node:fs";
import { relative } from "node:path";
import type { Reporter, TestModule } from "vitest/node";
import { root } from "../tools/paths.ts";
import type { FileTally } from "./report.ts";

/** Writes what became of each test file, in which project, to the file that TALLIES names. */
export default class TallyReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const file = process.env.TALLIES;
    if (file) writeFileSync(file, JSON.stringify(modules.map(tallyOf)));
  }
}

function tallyOf(module: TestModule): FileTally {
  const states = [...module.children.allTests()].map((test) => test.result().state);
  const count = (wanted: string) => states.filter((state) => state === wanted).length;
  const [passed, failed] = [count("passed"), count("failed")];
  // A file that could not be loaded or set up has failed, though none of its cases has.
  const couldNotRun = module.state() === "failed" && failed === 0 ? 1 : 0;
  const tally = { passed, failed: failed + couldNotRun, skipped: states.length - passed - failed };
  return { project: module.project.name, file: relative(root, module.moduleId), tally };
}
