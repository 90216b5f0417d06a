import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeAction } from "./action.ts";
import { type Sequence, sequence } from "./arbitrary.ts";
import { cases } from "./cases/index.ts";
import { Installation } from "./run.ts";

const { RANDOM_RUNS: runs = "100", RANDOM_SEED: seed = "1", RANDOM_PATH: path = "" } = process.env;
const secondsPerRun = 2;
const secondsToShrink = 120;

let installation: Installation;
beforeAll(async () => {
  installation = await Installation.make();
});
afterAll(() => installation[Symbol.asyncDispose]());

test.each(Object.entries(cases))("found once: %s", async (_name, found) => {
  expect(await installation.run(found)).toEqual([]);
});

const limit = (Number(runs) * secondsPerRun + secondsToShrink) * 1000;

test(`whatever ${runs} random sequences do, all comes to rest as it should (seed ${seed})`, {
  timeout: 2 * limit,
}, async () => {
  const property = fc.asyncProperty(sequence, async (each) => (await installation.run(each)).length === 0);
  const { counterexample, counterexamplePath } = await fc.check(property, {
    ...{ seed: Number(seed), path, numRuns: Number(runs) },
    interruptAfterTimeLimit: limit,
  });
  if (counterexample) expect.fail(await report(counterexample[0], counterexamplePath ?? ""));
});

/** What to read, and what to run, when something is wrong. */
async function report(found: Sequence, where: string): Promise<string> {
  const violations = await installation.run(found);
  const lines = [
    `a sequence breaks what must always hold (seed ${seed}):`,
    ...found.actions.map((action) => `  ${describeAction(action)}`),
    "broken is:",
    ...violations.map((violation) => `  ${violation}`),
    `again: RANDOM_SEED=${seed} RANDOM_PATH=${where} npx vitest run --project=embedded test/random`,
    `as a case: ${JSON.stringify(found)}`,
  ];
  return lines.join("\n");
}
