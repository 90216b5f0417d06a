import { isArray, isObject, type Json, type JsonObject } from "../json.ts";
import { anything, byKeys, mapOf, object, type Schema, setOf, text } from "../schema/schema.ts";

/** One value inside another: its key in a set of fields, and what describes it. */
export interface Part {
  readonly key: string;
  readonly value: Json;
  readonly schema: Schema;
  /** Named by the schema, and not one of any number. */
  readonly isField: boolean;
}

/** The parts of a value that different managers may own; `undefined` when it is owned as a whole. */
export function partsOf(schema: Schema, value: Json): readonly Part[] | undefined {
  if (isObject(value)) {
    if (schema["x-kubernetes-map-type"] === "atomic") return undefined;
    return Object.entries(value).flatMap(([name, child]) => {
      if (child === undefined) return [];
      const known = schema.properties?.[name];
      return [{ key: `f:${name}`, value: child, schema: known ?? elementOf(schema), isField: known !== undefined }];
    });
  }
  if (!isArray(value)) return undefined;
  const kind = schema["x-kubernetes-list-type"] ?? "atomic";
  if (kind === "atomic") return undefined;
  const item = schema.items ?? anything();
  return value.map((child) => ({ key: itemKey(schema, child), value: child, schema: item, isField: false }));
}

export function elementOf({ additionalProperties }: Schema): Schema {
  return typeof additionalProperties === "object" ? additionalProperties : anything();
}

/** What tells an item of a list from its siblings. */
export function itemKey(schema: Schema, item: Json): string {
  const keys = schema["x-kubernetes-list-map-keys"];
  if (schema["x-kubernetes-list-type"] !== "map" || !keys || !isObject(item)) return `v:${JSON.stringify(item)}`;
  const named = [...keys].sort().map((key) => [key, item[key] ?? schema.items?.properties?.[key]?.default ?? null]);
  return `k:${JSON.stringify(Object.fromEntries(named))}`;
}

const owner = object({ "uid!": text() }, { "x-kubernetes-map-type": "atomic" });
const metadata = object({
  annotations: mapOf(text()),
  finalizers: setOf(text()),
  labels: mapOf(text()),
  ownerReferences: byKeys(["uid"], owner),
  generateName: text(),
});

/** The schema of a whole object with what all objects have in common. */
export const withMetadata = (schema: Schema): Schema => ({
  ...schema,
  properties: { ...schema.properties, metadata },
});

/** The part of an object that managers own fields of. */
export function ownable(value: JsonObject): JsonObject {
  const { apiVersion: _apiVersion, kind: _kind, metadata: given, ...rest } = value;
  if (!isObject(given)) return rest;
  const { annotations, finalizers, labels, ownerReferences, generateName } = given;
  const entries = Object.entries({ annotations: userAnnotations(annotations), finalizers, labels, ownerReferences });
  const present = [...entries, ["generateName", generateName] as const].filter(([, child]) => child !== undefined);
  return present.length > 0 ? { ...rest, metadata: Object.fromEntries(present) } : rest;
}

/** Without those that the server keeps. */
function userAnnotations(annotations: Json | undefined): Json | undefined {
  if (!isObject(annotations)) return undefined;
  const kept = Object.entries(annotations).filter(([name]) => name !== "kcp.io/cluster" && name !== "kcp.io/path");
  return kept.length > 0 ? Object.fromEntries(kept) : undefined;
}
