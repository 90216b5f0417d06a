import { pathAnnotation, type Workspace } from "../../shared/kcp/objects.ts";
import { nameProblem, orgType, placementProblem, typeProblem, workspaceTypeName } from "../../shared/naming.ts";
import type { World } from "../../shared/world.ts";

/** Why this Account can never get a workspace, or `undefined`. Admission refuses the same with a webhook; here it
 *  holds without one, and only until the Workspace exists, so that a changed deny list never breaks a Ready org
 *  (decisions.md 25). From then on only an org must stay an org. */
export async function refusal(world: World): Promise<string | undefined> {
  const workspace = await world.workspace();
  if (workspace) return world.owns(workspace) ? typeChange(world, workspace) : undefined;
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

/** The types of orgs and of what lies below them differ in all that is made for them, and kcp never changes a Workspace's
 *  type. */
export function typeChange({ account, isOrg, settings }: World, { spec }: Workspace): string | undefined {
  const { name, path } = spec?.type ?? {};
  const made = name?.slice(name.lastIndexOf("-"));
  const wasOrg = made === workspaceTypeName("", orgType);
  if (path !== settings.orgsPath || wasOrg === isOrg) return undefined;
  const now = JSON.stringify(account.spec.type);
  return wasOrg
    ? `an org cannot become an account of type ${now}: change its type back to "${orgType}", or delete it and create another`
    : `an account cannot become an org: change its type back, or delete it and create an org in ${settings.orgsPath}`;
}
