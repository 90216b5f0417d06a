import { isDeepStrictEqual } from "node:util";
import { type AccountStatus, findCondition, type Observed, sameStatus, statusOf } from "./conditions.ts";
import type { Outcome } from "./function.ts";
import type { Account, Condition } from "./kcp/objects.ts";
import { condition, finalizer } from "./names.ts";
import type { Step, StepState } from "./step.ts";
import type { World } from "./world.ts";

const finalizeConditions: readonly string[] = [
  condition.workspaceFinalize,
  condition.workspaceTypeFinalize,
  condition.securityFinalize,
];

/** The status that follows from the present state and from what the handler learned; `undefined` when it is written
 *  already. */
export async function nextStatus(
  world: World,
  steps: readonly Step[],
  outcome: Outcome,
  now: number,
): Promise<AccountStatus | undefined> {
  const isGone = world.isDeleting && !hasOurFinalizer(world);
  const chain = world.isDeleting ? finalizing(outcome) : await observeAll(world, steps, outcome);
  if (isGone || chain.length === 0) return undefined;
  const next = statusOf(world.account, chain, now);
  const { security } = outcome;
  if (security && !isDeepStrictEqual(security, world.account.status?.security)) return { ...next, security };
  return sameStatus(world.account, next) ? undefined : next;
}

/** One more step of an Account on its way up, which is told only if it lasts: most are over within a second. What was
 *  done outside of kcp is put down at once. */
export function isPassing(before: Account, next: AccountStatus, outcome: Outcome): boolean {
  if (next.security) return false;
  return next.phase === "Provisioning" && (before.status?.phase === "Provisioning" || outcome.kind === "waiting");
}

/** A deleted account keeps its conditions; only the steps of the way down are told. */
function finalizing(outcome: Outcome): readonly Observed[] {
  const told = new Map<string, StepState>(outcome.states);
  return finalizeConditions.flatMap((name) => {
    const state = told.get(name);
    return state ? [{ condition: name, state }] : [];
  });
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

/** What holds the account up: the first step that is not complete. What is recorded of later ones is of the past. */
export function heldUpBy(account: Account, steps: readonly Step[]): Condition | undefined {
  const chain = account.metadata.deletionTimestamp ? finalizeConditions : steps.map(({ condition }) => condition);
  return chain.map((name) => findCondition(account, name)).find((found) => found && found.status !== "True");
}

const hasOurFinalizer = (world: World): boolean =>
  [finalizer.account, finalizer.workspaceType, finalizer.security].some((name) =>
    world.account.metadata.finalizers?.includes(name),
  );
