import type { SecurityRecord, SecurityStepRecord } from "../../shared/kcp/objects.ts";
import { condition, infoName } from "../../shared/names.ts";
import { complete, due, failed, type Step, type StepState, skipped, stopped } from "../../shared/step.ts";

/** Whether an account is secured, by what security-init has put down in its status (decisions.md 30). */
export const securityStep: Step = {
  condition: condition.security,
  async observe(world) {
    if (!world.settings.security) return skipped("security is off");
    const { security } = world.account.status ?? {};
    return security ? stateOf(security, await world.ownCluster()) : due;
  },
};

/** `cluster` is the account's own workspace, whose AccountInfo wakes what waits. */
export function stateOf({ steps }: SecurityRecord, cluster: string | undefined): StepState {
  const open = steps.find((step) => !isSettled(step));
  if (!open) return complete;
  const message = `${open.name}: ${open.message}`;
  if (open.state === "Failed") return failed(message);
  return stopped(message, cluster ? { kind: "AccountInfo", cluster, name: infoName } : undefined);
}

export const isSettled = ({ state }: SecurityStepRecord): boolean => state === "Done" || state === "Skipped";
