import { type Obj, withAnnotation } from "../object.ts";

/** Who made a workspace, as JSON. */
export const ownerAnnotation = "experimental.tenancy.kcp.io/owner";
export const phaseLabel = "tenancy.kcp.io/phase";
/** Holds a LogicalCluster until its terminators are gone. */
export const terminatorFinalizer = "kcp.io/has-terminators";

/** Who made it is known in full only until the default bindings are made in that name. */
export function forgetOwner(object: Obj): Obj {
  const { username } = JSON.parse(object.metadata.annotations?.[ownerAnnotation] ?? "{}");
  return username ? withAnnotation(object, ownerAnnotation, JSON.stringify({ username })) : object;
}
