import type { User } from "../access/attributes.ts";

import type { Obj } from "../object.ts";
import type { ResourceType } from "../resources/resource-type.ts";

/** A write on its way into the store; `object` is absent for a delete, `before` for a create. */
export interface Review {
  readonly operation: "CREATE" | "UPDATE" | "DELETE";
  readonly type: ResourceType;
  readonly cluster: string;
  readonly subresource: string | undefined;
  readonly user: User;
  readonly isDryRun: boolean;
  readonly name: string;
  readonly namespace: string | undefined;
  readonly object: Obj | undefined;
  readonly before: Obj | undefined;
  /** As the client has named it. */
  readonly fieldManager?: string;
  /** Tells the client something beside the answer. */
  warn(text: string): void;
}

/** Looks at every write of users; throws a StatusError to refuse one. */
export interface Admission {
  /** Fills in what goes without saying; who writes the object owns that too. */
  complete(review: Review & { readonly object: Obj }): Obj;
  /** Answers the object as it shall be; what is changed here belongs to nobody. */
  mutate(review: Review & { readonly object: Obj }): Promise<Obj> | Obj;
  validate(review: Review): Promise<void> | void;
}
