import { isArray, isObject, type Json, type JsonObject } from "../json.ts";
import type { Schema } from "./schema.ts";

/** Fills in defaults, and drops nulls that say nothing; the value itself stays as it is. */
export function withDefaults(schema: Schema, value: Json): Json {
  if (isArray(value)) return mapItems(value, (item) => (schema.items ? withDefaults(schema.items, item) : item));
  if (!isObject(value)) return value;
  let result = value;
  const set = (name: string, child: Json | undefined) => {
    if (child !== undefined && result[name] !== child) result = { ...result, [name]: child };
    if (child === undefined && name in result) result = without(result, name);
  };
  for (const [name, child] of Object.entries(schema.properties ?? {})) {
    const start = meant(child, value[name]) ?? child.default;
    set(name, start === undefined ? undefined : withDefaults(child, start));
  }
  const others = schema.additionalProperties;
  if (typeof others !== "object") return result;
  for (const [name, child] of Object.entries(value)) {
    if (schema.properties?.[name]) continue;
    const start = meant(others, child);
    set(name, start === undefined ? undefined : withDefaults(others, start));
  }
  return result;
}

/** A null where none is allowed counts as absent. */
const meant = (schema: Schema, value: Json | undefined): Json | undefined =>
  value === null && !schema.nullable && schema.type !== undefined ? undefined : value;

function without(value: JsonObject, name: string): JsonObject {
  const { [name]: _gone, ...rest } = value;
  return rest;
}

/** Takes away what the schema does not know; `unknown` is told the path of each. */
export function prune(schema: Schema, value: Json, path = "", unknown: (path: string) => void = () => {}): Json {
  if (isArray(value)) {
    const { items } = schema;
    return items ? mapItems(value, (item, index) => prune(items, item, `${path}[${index}]`, unknown)) : value;
  }
  if (!isObject(value)) return value;
  const keepsAll = schema["x-kubernetes-preserve-unknown-fields"] || schema.additionalProperties === true;
  let result: JsonObject | undefined;
  const kept: Record<string, Json> = {};
  for (const [name, child] of Object.entries(value)) {
    if (child === undefined) continue;
    const below = path ? `${path}.${name}` : name;
    const known = schema.properties?.[name] ?? others(schema);
    if (!known && !keepsAll && !(schema["x-kubernetes-embedded-resource"] && embedded.has(name))) {
      unknown(below);
      result = kept;
      continue;
    }
    const pruned = known ? prune(known, child, below, unknown) : child;
    if (pruned !== child) result = kept;
    kept[name] = pruned;
  }
  return result ?? value;
}

const embedded = new Set(["apiVersion", "kind", "metadata"]);
const others = ({ additionalProperties }: Schema) =>
  typeof additionalProperties === "object" ? additionalProperties : undefined;

/** Answers the same array when nothing has changed. */
function mapItems(items: readonly Json[], change: (item: Json, index: number) => Json): readonly Json[] {
  const changed = items.map(change);
  return changed.some((item, index) => item !== items[index]) ? changed : items;
}
