import { isDeepStrictEqual } from "node:util";
import type { WorkspaceType, WorkspaceTypeSpec } from "../../shared/kcp/objects.ts";
import { condition, label } from "../../shared/names.ts";
import { accountType, orgType, workspaceTypeName } from "../../shared/naming.ts";
import { complete, due, failed, type Step } from "../../shared/step.ts";
import type { World } from "../../shared/world.ts";
import { refusal } from "./refusal.ts";

export interface WantedType {
  readonly name: string;
  readonly spec: WorkspaceTypeSpec;
}

/** The two WorkspaceTypes of an org: its own, and the one of every account below it (spec/accounts.md, step 1). */
export function wantedTypes(org: string, orgsPath: string): readonly WantedType[] {
  const ofOrg = { name: workspaceTypeName(org, orgType), path: orgsPath };
  const ofAccount = { name: workspaceTypeName(org, accountType), path: orgsPath };
  const inRoot = (name: string) => ({ name, path: "root" });
  const childrenAreAccounts = {
    defaultChildWorkspaceType: ofAccount,
    limitAllowedChildren: { types: [ofAccount] },
  };
  return [
    {
      name: ofOrg.name,
      spec: {
        extend: { with: [inRoot("org")] },
        ...childrenAreAccounts,
        limitAllowedParents: { types: [inRoot("orgs")] },
      },
    },
    {
      name: ofAccount.name,
      spec: {
        extend: { with: [inRoot("account")] },
        ...childrenAreAccounts,
        limitAllowedParents: { types: [ofOrg, ofAccount] },
      },
    },
  ];
}

/** The fields that are ours: security adds others to an org's type. */
export function ownPart(type: WorkspaceType, wanted: WantedType): object {
  return Object.fromEntries(Object.entries(type.spec).filter(([field]) => field in wanted.spec));
}

export const asWanted = (type: WorkspaceType, wanted: WantedType, org: string): boolean =>
  type.metadata.labels?.[label.org] === org && isDeepStrictEqual(ownPart(type, wanted), wanted.spec);

export const workspaceTypeStep: Step = {
  condition: condition.workspaceType,
  async observe(world: World) {
    const refused = world.isOrg ? await refusal(world) : undefined;
    if (refused) return failed(refused);
    if (!world.isOrg) return complete;
    const org = world.account.metadata.name;
    for (const wanted of wantedTypes(org, world.settings.orgsPath)) {
      const type = await world.workspaceType(wanted.name);
      if (!type || !asWanted(type, wanted, org)) return due;
    }
    return complete;
  },
};
