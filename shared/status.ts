import { type Observed, sameStatus, statusOf } from "./conditions.ts";
import type { Outcome } from "./function.ts";
import { condition, finalizer } from "./names.ts";
import type { Pass } from "./pass.ts";
import { type Step, type StepState, skipped } from "./step.ts";
import type { World } from "./world.ts";

const finalizeConditions: readonly string[] = [condition.workspaceFinalize, condition.workspaceTypeFinalize];

/** Whether security is switched on is for its own function; without it the step says so (decisions.md 30). */
export const securityOff: Step = { condition: condition.security, observe: async () => skipped("security is off") };

/** Writes the status that follows from the present state and from what the handler learned; nothing when it is
 *  written already. Answers the account's status before and after. */
export async function writeStatus(pass: Pass, world: World, steps: readonly Step[], outcome: Outcome, now: number) {
  const before = world.account;
  const chain = world.isDeleting ? finalizing(outcome) : await observeAll(world, steps, outcome);
  const isGone = world.isDeleting && !hasOurFinalizer(world);
  const next = statusOf(before, chain, now);
  if (isGone || chain.length === 0 || sameStatus(before, next)) return { before, after: before };
  await pass.writeStatus(world, next);
  return { before, after: world.account };
}

/** A deleted account keeps its conditions; only the steps of the way down are told. */
function finalizing(outcome: Outcome): readonly Observed[] {
  return outcome.states
    .filter(([name]) => finalizeConditions.includes(name))
    .map(([name, state]) => ({ condition: name, state }));
}

async function observeAll(world: World, steps: readonly Step[], outcome: Outcome): Promise<readonly Observed[]> {
  const told = new Map<string, StepState>(outcome.states);
  const chain: Observed[] = [];
  for (const step of steps) {
    if (world.settings.disabledSteps.has(step.condition)) continue;
    chain.push({ condition: step.condition, state: told.get(step.condition) ?? (await step.observe(world)) });
  }
  return chain;
}

const hasOurFinalizer = (world: World): boolean =>
  [finalizer.account, finalizer.workspaceType].some((name) => world.account.metadata.finalizers?.includes(name));
