import { pathAnnotation } from "../../shared/kcp/objects.ts";
import { nameProblem, placementProblem, typeProblem } from "../../shared/naming.ts";
import type { World } from "../../shared/world.ts";

/** Why this Account can never get a workspace, or `undefined`. Admission refuses the same with a webhook; here it
 *  holds without one, and only until the Workspace exists, so that a changed deny list never breaks a Ready org
 *  (decisions.md 25). */
export async function refusal(world: World): Promise<string | undefined> {
  if (await world.workspace()) return undefined;
  const { name } = world.account.metadata;
  const { type } = world.account.spec;
  const parent = await world.parentLogicalCluster();
  const path = parent?.metadata.annotations?.[pathAnnotation];
  return (
    typeProblem(type, world.settings) ??
    nameProblem(type, name, world.settings) ??
    (path ? placementProblem(type, path, world.settings) : undefined)
  );
}
