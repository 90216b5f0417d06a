import { z } from "zod";
import type { APIBinding } from "../../shared/kcp/objects.ts";
import { coreExport } from "../../shared/names.ts";
import { type Manifest, systemWorkspace } from "../bootstrap/manifests.ts";
import { installationSteps } from "../bootstrap/security.ts";
import type { View } from "./view.ts";

const claim = z.looseObject({
  group: z.string().optional().default(""),
  resource: z.string(),
  identityHash: z.string().optional(),
  state: z.string().optional(),
});
export type Claim = z.infer<typeof claim>;
const withClaims = z.looseObject({
  spec: z.looseObject({ permissionClaims: z.array(claim).optional().default([]) }),
});

/** The permission claims of an export, or those that a binding accepts. */
export const claimsOf = (object: unknown): readonly Claim[] =>
  withClaims.parse(object).spec.permissionClaims.filter(({ state = "Accepted" }) => state === "Accepted");

export const key = ({ group, resource }: Claim): string => (group ? `${resource}.${group}` : resource);

/** The object of the bootstrap manifests that is the only one of its kind in the system workspace, with or without what
 *  security adds. */
export async function manifestOf(kind: "APIExport" | "APIBinding", isOn: boolean): Promise<Manifest> {
  const kept = { isOn, isAsked: false, welcome: undefined };
  const steps = await installationSteps({ tenancyIdentityHash: "" }, kept);
  const found = steps
    .filter(({ workspace }) => workspace === systemWorkspace)
    .flatMap(({ objects }) => objects)
    .find((object) => object.kind === kind);
  if (!found) throw new Error(`the manifests hold no ${kind}`);
  return found;
}

interface CoreBinding {
  readonly object: APIBinding;
  readonly phase: string;
  readonly claims: readonly Claim[];
}

/** Every binding of the accounts' export, in whichever workspace. */
export async function coreBindings(view: View): Promise<readonly CoreBinding[]> {
  const ours = (await view.everywhere("APIBinding")).filter(
    ({ spec }) => spec.reference.export?.name === coreExport && spec.reference.export.path === systemWorkspace,
  );
  return ours.map((object) => ({ object, phase: object.status?.phase ?? "", claims: claimsOf(object) }));
}
