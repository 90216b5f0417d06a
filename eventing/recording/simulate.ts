import { ApiError, type Target } from "../../shared/kcp/client.ts";
import { clusterAnnotation, type KubeObject } from "../../shared/kcp/objects.ts";
import type { RecordedWrite } from "./invocation.ts";
import { mergePatched } from "./merge-patch.ts";

/** A write as it is asked for. */
export type Intent = Pick<RecordedWrite, "verb" | "resource" | "target" | "body">;

/** A recorded write as it was asked for. */
export const intentOf = ({ verb, resource, target, body }: Intent): Intent => ({
  verb,
  resource,
  target,
  ...(body && { body }),
});

/** What the server would answer to a write on the object that is there, as far as that is known without asking: rights,
 *  validation and defaults are not. A patch that takes the last finalizer away answers the object a last time
 *  (isReleased); a delete that leaves nothing answers `undefined`. Throws the ApiError of a refusal. */
export function simulate(intent: Intent, present: KubeObject | undefined, now: number): KubeObject | undefined {
  const { verb, target, body } = intent;
  if (!present && verb === "delete") return undefined;
  if (!present && verb === "mergePatch") throw refused(intent, 404, "NotFound", "not found");
  if (present && verb === "create") throw refused(intent, 409, "AlreadyExists", "already exists");
  if (present && !isMet(preconditionsOf(intent), present)) throw refused(intent, 409, "Conflict", "has changed");
  const stamp = new Date(now).toISOString().replace(/\.\d+Z$/, "Z");
  if (verb === "delete") return present && deleted(present, stamp);
  return mergePatched(present ?? born(target, stamp), body) as KubeObject;
}

const refused = ({ resource, target }: Intent, code: number, reason: string, what: string) =>
  new ApiError(`${resource.plural} "${target.name}" in ${target.cluster} ${what}`, { code, reason });

interface Preconditions {
  readonly uid?: string;
  readonly resourceVersion?: string;
}
const isMet = ({ uid, resourceVersion }: Preconditions, { metadata }: KubeObject): boolean =>
  (uid ?? metadata.uid) === metadata.uid && (resourceVersion ?? metadata.resourceVersion) === metadata.resourceVersion;

/** The body of a delete is its preconditions. */
function preconditionsOf({ verb, body }: Intent): Preconditions {
  return (verb === "delete" ? body : (body as Partial<KubeObject> | undefined)?.metadata) ?? {};
}

const born = ({ cluster, name }: Target, creationTimestamp: string) => ({
  metadata: {
    uid: `simulated-${name}`,
    resourceVersion: "",
    generation: 1,
    creationTimestamp,
    annotations: { [clusterAnnotation]: cluster },
  },
});

function deleted(object: KubeObject, deletionTimestamp: string): KubeObject | undefined {
  const dying = { ...object, metadata: { deletionTimestamp, ...object.metadata } };
  return isReleased(dying) ? undefined : dying;
}

/** Nothing holds the deleted object any more. */
export const isReleased = ({ metadata }: KubeObject): boolean =>
  metadata.deletionTimestamp !== undefined && !metadata.finalizers?.length;
