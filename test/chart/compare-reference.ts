import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ExplainedLine, explain, unused } from "./explained.ts";
import { factsOf } from "./facts.ts";
import { objectsIn, template } from "./helm.ts";
import { lineDiff } from "./line-diff.ts";
import { type ReferenceCase, referenceCases } from "./reference-facts.ts";

export interface Comparison {
  readonly title: string;
  /** Facts that are equal. */
  readonly same: number;
  readonly lines: readonly ExplainedLine[];
}

/** Our chart beside the Go operator's, with the values of each of its tests. */
export async function compareWithReference(): Promise<readonly Comparison[]> {
  const folder = await mkdtemp(join(tmpdir(), "reference-"));
  try {
    return await Promise.all(referenceCases.map((reference) => compare(reference, folder)));
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function compare({ title, values, facts }: ReferenceCase, folder: string): Promise<Comparison> {
  const file = join(folder, `${title.replaceAll(/\W+/g, "-")}.json`);
  await writeFile(file, JSON.stringify(values));
  // The reference's tests run with version 0.0.0 of the chart.
  const flags = [`--values=${file}`, "--set=image.tag=0.0.0"];
  const ours = factsOf(objectsIn(await template({ release: "account-operator", flags })));
  const lines = explain(lineDiff(facts, ours));
  return { title, same: facts.length - lines.filter(({ side }) => side === "-").length, lines };
}

async function main(): Promise<void> {
  const comparisons = await compareWithReference();
  const say = (line: string) => process.stdout.write(`${line}\n`);
  for (const { title, same, lines } of comparisons) {
    say(`${title}: ${same} facts equal, ${lines.length} lines differ`);
    for (const [index, { side, line, reason }] of lines.entries()) {
      say(`  ${side} ${line}`);
      if (reason === undefined || reason !== lines[index + 1]?.reason) say(`      ${reason ?? "UNEXPLAINED"}`);
    }
  }
  const all = comparisons.flatMap(({ lines }) => lines);
  for (const reason of unused(all)) say(`explains nothing: ${reason}`);
  const unexplained = all.filter(({ reason }) => reason === undefined).length;
  say(`${unexplained} unexplained lines`);
  if (unexplained > 0) process.exitCode = 1;
}

if (import.meta.main) await main();
