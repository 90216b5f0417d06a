import type { Review } from "../api/admission.ts";
import { selectorOf } from "../api/label-selector.ts";
import { asArray, asObject, at, type Json, type JsonObject, strings } from "../json.ts";
import type { Obj } from "../object.ts";
import type { Store } from "../store/store.ts";

/** Whether one of these rules of a webhook or policy is about a write. */
export function isInRules(rules: Json | undefined, { type, operation, subresource, name }: Review): boolean {
  const resource = subresource ? `${type.plural}/${subresource}` : type.plural;
  const has = (values: Json | undefined, ...wanted: readonly string[]) =>
    strings(values).some((each) => each === "*" || wanted.includes(each));
  return asArray(rules).some((rule) => {
    const names = strings(at(rule, "resourceNames"));
    return (
      has(at(rule, "apiGroups"), type.group) &&
      has(at(rule, "apiVersions"), ...type.versions.map((version) => version.name)) &&
      has(at(rule, "operations"), operation) &&
      has(at(rule, "resources"), resource, ...(subresource ? [`*/${subresource}`, `${type.plural}/*`] : [])) &&
      (names.length === 0 || names.includes(name))
    );
  });
}

/** Whether a webhook or policy selects the object, or the one before, and its namespace. */
export function isSelected(store: Store, selectors: JsonObject, review: Review): boolean {
  const { object, before } = review;
  const selects = (name: string, ...all: readonly (Obj | undefined)[]) => {
    const present = all.filter((each) => each !== undefined);
    return present.length === 0 || present.some(selectorOf(asObject(selectors[name])));
  };
  return selects("objectSelector", object, before) && selects("namespaceSelector", namespaceOf(store, review));
}

export const namespaceOf = (store: Store, { namespace, cluster }: Review): Obj | undefined =>
  namespace === undefined ? undefined : store.get("namespaces.core", cluster, namespace);
