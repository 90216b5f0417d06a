import type { Model } from "./fga.ts";

/** Whether a model knows the relation of the type: what it does not know is an error to ask for. */
export function hasRelation({ type_definitions }: Model, type: string, relation: string): boolean {
  const definitions: readonly { readonly type?: string; readonly relations?: object }[] = type_definitions;
  const found = definitions.find((definition) => definition.type === type);
  return Object.hasOwn(found?.relations ?? {}, relation);
}
