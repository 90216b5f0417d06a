import { condition } from "../../shared/names.ts";
import { complete, type Step, stopped } from "../../shared/step.ts";

export const readyStep: Step = {
  condition: condition.workspaceReady,
  async observe(world) {
    const phase = (await world.workspace())?.status?.phase;
    return phase === "Ready" ? complete : stopped("Workspace not ready yet", world.workspaceRef());
  },
};
