import type { Settings } from "./settings.ts";

const workspaceName = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
/** `<org>-account` must fit into the 63 characters of a WorkspaceType's name. */
const longestOrgName = 63 - "-account".length;
const shortestOrgName = 3;
/** Names that mean something to the identity provider or the mesh itself (decisions.md 27); each org has a client
 *  `kubectl` beside the one with its own name. */
const reservedOrgNames: readonly string[] = ["master", "welcome", "orgs", "kubectl"];

/** What no org may be called. */
export const reservedNames = ({ deniedOrgNames }: Pick<Settings, "deniedOrgNames">): readonly string[] => [
  ...reservedOrgNames,
  ...deniedOrgNames,
];

export const orgType = "org";
export const accountType = "account";

/** WorkspaceType of an account in root:orgs; types of the operator's own share `<org>-account` (decisions.md 22). */
export function workspaceTypeName(org: string, type: string): string {
  return `${org}-${type === orgType ? orgType : accountType}`;
}

/** Why kcp could never give this account a workspace, with what to do instead; `undefined` when it can
 *  (kcp-facts V22: kcp itself accepts such an Account and never gets anywhere with it). */
export function nameProblem(
  type: string,
  name: string,
  settings: Pick<Settings, "deniedOrgNames">,
): string | undefined {
  const quoted = JSON.stringify(name);
  if (!workspaceName.test(name)) {
    return `name ${quoted} cannot become a workspace: use 1 to 63 lower-case letters, digits and "-", with a letter or digit at both ends`;
  }
  if (type !== orgType) return undefined;
  if (!/^[a-z]/.test(name)) {
    return `organization name ${quoted} cannot become a workspace type: it must start with a letter`;
  }
  if (name.length < shortestOrgName) {
    return `organization name ${quoted} is too short: use at least ${shortestOrgName} characters`;
  }
  if (name.length > longestOrgName) {
    return `organization name ${quoted} is too long: use at most ${longestOrgName} characters, so that "<name>-account" can be a workspace type`;
  }
  if (reservedNames(settings).includes(name)) {
    return `organization name ${quoted} is reserved: choose another`;
  }
  return undefined;
}

/** What `spec.type` may be. */
export const allowedTypes = (settings: Pick<Settings, "additionalAccountTypes">): readonly string[] => [
  orgType,
  accountType,
  ...settings.additionalAccountTypes,
];

export function typeProblem(type: string, settings: Pick<Settings, "additionalAccountTypes">): string | undefined {
  const allowed = allowedTypes(settings);
  if (allowed.includes(type)) return undefined;
  return `account type ${JSON.stringify(type)} is not allowed: use one of ${allowed.join(", ")}`;
}

/** Why an Account of this type cannot live in the workspace that holds it. */
export function placementProblem(
  type: string,
  parentPath: string,
  settings: Pick<Settings, "orgsPath">,
): string | undefined {
  const inOrgs = parentPath === settings.orgsPath;
  if (type === orgType && !inOrgs) {
    return `an org lives in ${settings.orgsPath}, this one was created in ${parentPath}: create it there, or use type account`;
  }
  if (type !== orgType && inOrgs) {
    return `an account lives inside an org, this one was created in ${parentPath}: create it in the workspace of its org, for example ${parentPath}:acme`;
  }
  return undefined;
}
