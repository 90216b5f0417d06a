import { asArray, asString, at } from "../json.ts";
import type { Obj } from "../object.ts";
import type { Column } from "./resource-type.ts";

/** As it is stored. */
export const createdAt = ({ metadata }: Obj): string => metadata.creationTimestamp;
/** `ClusterRole/view`. */
export const roleOf = ({ roleRef }: Obj): string => `${asString(at(roleRef, "kind"))}/${asString(at(roleRef, "name"))}`;

/** What a field refers to, as `account/acme`. */
export function namedBy(object: Obj, field: string): string {
  const { kind, name } = { kind: asString(at(object[field], "kind")), name: asString(at(object[field], "name")) };
  return `${kind.toLowerCase()}/${name}`;
}

/** Names of the subjects of one kind, ServiceAccounts with their namespace. */
export const subjectColumn = (name: string, kind: string): Column => ({
  name,
  type: "string",
  priority: 1,
  text: ({ subjects }) =>
    asArray(subjects)
      .filter((subject) => at(subject, "kind") === kind)
      .map((subject) => [asString(at(subject, "namespace")), asString(at(subject, "name"))].filter(Boolean).join("/"))
      .join(", "),
});
