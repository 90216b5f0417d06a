import { asString, at } from "../json.ts";
import type { Obj } from "../object.ts";
import type { ResourceType } from "../resources/resource-type.ts";
import { badRequest } from "../status-error.ts";

export type Matches = (object: Obj) => boolean;

/** A field selector; only name and namespace can be selected, and of some types of Kubernetes a little more. */
export function fieldSelector(text: string, type: ResourceType): Matches {
  const requirements = text
    .split(",")
    .filter(Boolean)
    .map((part) => {
      const [, field = "", operator, value = ""] = /^([^=!]+)(==|=|!=)(.*)$/.exec(part) ?? [];
      if (!operator) throw badRequest(`invalid selector: '${part}'; can't understand '${part}'`);
      if (!isSelectable(field, type)) throw unsupported(field, type);
      const path = field.split(".");
      return (object: Obj) => (asString(at(object, ...path)) === value) === (operator !== "!=");
    });
  return (object) => requirements.every((holds) => holds(object));
}

/** By kind, what can be selected besides name and namespace. */
const selectable: Readonly<Record<string, RegExp>> = {
  Event: /^(involvedObject\.\w+|reason|type|source|reportingComponent)$/,
  Namespace: /^status\.phase$/,
  Secret: /^type$/,
};

function isSelectable(field: string, { kind, isNative, namespaced }: ResourceType): boolean {
  if (field === "metadata.name") return true;
  if (field === "metadata.namespace") return namespaced;
  return isNative && (selectable[kind]?.test(field) ?? false);
}

function unsupported(field: string, { kind, isNative }: ResourceType) {
  if (!isNative || selectable[kind]) return badRequest(`field label not supported: ${field}`);
  return badRequest(`"${field}" is not a known field selector: only "metadata.name", "metadata.namespace"`);
}
