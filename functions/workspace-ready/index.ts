import { type CloudEvent, fact, resource } from "../../shared/event.ts";
import { defineFunction, done, drop, waiting } from "../../shared/function.ts";
import type { World } from "../../shared/world.ts";
import { infoStep } from "../manage-accountinfo/info.ts";
import { securityStep } from "../security-init/step.ts";
import { readyStep } from "./step.ts";

interface Deps {
  worldOf(event: CloudEvent): Promise<World | undefined>;
}

/** Marks an Account Ready once kcp reports its workspace ready. Apart from create-workspace, because initializers
 *  need the AccountInfo before the workspace can become ready (spec/accounts.md, step 5). */
export default defineFunction<Deps>({
  name: "workspace-ready",
  on: [
    { type: resource.update, kind: "Workspace", phase: "Ready" },
    { type: fact.infoReady },
    { type: fact.secured },
    { type: fact.resyncDue },
  ],
  steps: [readyStep],
  async handle(event, deps) {
    const world = await deps.worldOf(event);
    if (!world) return drop("no Account");
    if (world.isDeleting) return drop("the Account is being deleted");
    for (const step of [infoStep, securityStep, readyStep]) {
      if (world.settings.disabledSteps.has(step.condition)) continue;
      const state = await step.observe(world);
      if (state.is === "stopped" && state.ref) return waiting(state.message, state.ref);
      if (state.is === "error") return drop(state.message);
      if (state.is === "due") return drop(`${step.condition} comes first`);
    }
    return event.type === fact.resyncDue ? done() : done({ type: fact.ready });
  },
});
