import type { Attributes, Verdict } from "../access/attributes.ts";
import type { JsonObject } from "../json.ts";
import type { Obj } from "../object.ts";
import type { ResourceType } from "../resources/resource-type.ts";
import type { Review } from "./admission.ts";

/** One way to look at the logical clusters: directly, or through a virtual workspace. */
export interface View {
  /** URL path in front of `/clusters/…`; empty for direct access. */
  readonly prefix: string;
  /** Why nothing can be served. */
  broken?(): string | undefined;
  /** Types served in a cluster, or with `*` in all of them. */
  types(cluster: string): readonly ResourceType[];
  find(cluster: string, group: string, plural: string): ResourceType | undefined;
  /** Whether the view shows an object at all. */
  shows(type: ResourceType, object: Obj): boolean;
  /** Whether this user may do this, in this view. */
  authorize(attributes: Attributes): Verdict;
  /** Verbs that are served for a type; all unless given. */
  supports?(type: ResourceType, verb: string, subresource: string): boolean;
  /** Refuses what may be written elsewhere but not through this view. */
  check?(review: Review): void;
  /** Changes an object that is created through the view. */
  prepare?(type: ResourceType, cluster: string, input: JsonObject): JsonObject;
}
