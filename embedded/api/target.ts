import type { User } from "../access/attributes.ts";
import type { ResourceType, Version } from "../resources/resource-type.ts";
import type { View } from "./view.ts";

/** What a request is about, once it is known to exist as a type. */
export interface Target {
  readonly view: View;
  /** Id of the logical cluster, or `*`. */
  readonly cluster: string;
  readonly type: ResourceType;
  readonly version: Version;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly subresource: string | undefined;
  readonly user: User;
}
