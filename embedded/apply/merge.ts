import { asArray, asObject, isArray, isObject, type Json, type JsonObject } from "../json.ts";
import type { Schema } from "../schema/schema.ts";
import type { FieldSet } from "./field-set.ts";
import { elementOf, itemKey, ownable, partsOf, withMetadata } from "./typed.ts";

/** The live object with an applied configuration laid over it. */
export function mergeApplied(schema: Schema, live: JsonObject, applied: JsonObject): JsonObject {
  const merged = asObject(merge(withMetadata(schema), ownable(live), ownable(applied)));
  return { ...live, ...merged, metadata: { ...asObject(live.metadata), ...asObject(merged.metadata) } };
}

function merge(schema: Schema, live: Json | undefined, applied: Json): Json {
  if (live === undefined || !partsOf(schema, applied)) return applied;
  if (isObject(live) && isObject(applied)) {
    const entries = Object.entries(applied).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, merge(schema.properties?.[name] ?? elementOf(schema), live[name], value)]],
    );
    return { ...live, ...Object.fromEntries(entries) };
  }
  if (!isArray(live) || !isArray(applied)) return applied;
  const wanted = new Map(applied.map((item) => [itemKey(schema, item), item]));
  const kept = live.map((item) => {
    const key = itemKey(schema, item);
    const given = wanted.get(key);
    wanted.delete(key);
    return given === undefined ? item : merge(schema.items ?? {}, item, given);
  });
  return [...kept, ...wanted.values()];
}

/** The object without what is `gone`, and without what the server has set beside it; nothing that is `kept` goes. */
export function removeFields(
  schema: Schema,
  object: JsonObject,
  { gone, kept }: { readonly gone: FieldSet; readonly kept: FieldSet },
): JsonObject {
  const left = asObject(remove(withMetadata(schema), ownable(object), gone, kept));
  const { annotations, finalizers, labels, ownerReferences, generateName, ...ours } = asObject(object.metadata);
  const keptByServer = Object.entries(asObject(annotations)).filter(([name]) => /^kcp\.io\/(cluster|path)$/.test(name));
  const metadata = asObject(left.metadata);
  const all = { ...Object.fromEntries(keptByServer), ...asObject(metadata.annotations) };
  return {
    apiVersion: object.apiVersion,
    kind: object.kind,
    ...left,
    metadata: { ...ours, ...metadata, ...(Object.keys(all).length > 0 && { annotations: all }) },
  };
}

function remove(schema: Schema, value: Json, gone: FieldSet, kept: FieldSet): Json {
  const parts = partsOf(schema, value);
  if (!parts) return value;
  const left = new Map<string, Json>();
  for (const part of parts) {
    const goneBelow = gone[part.key];
    const keptBelow = kept[part.key];
    if (goneBelow === undefined) left.set(part.key, part.value);
    else if (keptBelow !== undefined)
      left.set(part.key, remove(part.schema, part.value, asObject(goneBelow), asObject(keptBelow)));
  }
  if (isArray(value)) return asArray(value).flatMap((item) => left.get(itemKey(schema, item)) ?? []);
  return Object.fromEntries([...left].map(([key, child]) => [key.slice(2), child]));
}
