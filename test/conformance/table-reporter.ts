import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Reporter, TestCase, TestModule } from "vitest/node";
import { root } from "../../tools/paths.ts";
import { type Outcome, withTable } from "./table.ts";

const page = join(root, "docs", "conformance.md");

/** Writes what became of each case of the conformance suite, on both backends, to its page in the docs. */
export default class TableReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const outcomes = modules.flatMap((module) => [...module.children.allTests()].flatMap(outcomeOf));
    const backends = new Set(outcomes.map(({ backend }) => backend));
    if (backends.size !== 2) throw new Error(`the table needs both backends, and not only ${[...backends].join()}`);
    writeFileSync(page, withTable(readFileSync(page, "utf8"), outcomes));
  }
}

function outcomeOf(test: TestCase): readonly Outcome[] {
  const path = [test.name];
  for (let suite = test.parent; suite.type === "suite"; suite = suite.parent) path.unshift(suite.name);
  // What stands alone is about the table itself.
  if (path.length === 1) return [];
  const backend = test.project.name === "embedded" ? "embedded" : "kcp";
  return [{ backend, path, passed: test.result().state === "passed" }];
}
