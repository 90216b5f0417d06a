import { equal, type Json, type JsonObject } from "../json.ts";
import type { Schema } from "../schema/schema.ts";
import { type FieldSet, none } from "./field-set.ts";
import { ownable, type Part, partsOf, withMetadata } from "./typed.ts";

/** The fields that an applied configuration claims. */
export function fieldsOf(schema: Schema, applied: JsonObject): FieldSet {
  return leaves(withMetadata(schema), ownable(applied)) ?? none;
}

function leaves(schema: Schema, value: Json): FieldSet | undefined {
  const parts = partsOf(schema, value);
  if (!parts) return undefined;
  return Object.fromEntries(
    parts.map((part) => {
      const below = leaves(part.schema, part.value);
      if (!below || Object.keys(below).length === 0) return [part.key, {}];
      return [part.key, part.isField ? below : { ".": {}, ...below }];
    }),
  );
}

/** Fields that are in `after` alone or differ in both, and those that are in `before` alone. */
export interface Difference {
  readonly set: FieldSet;
  readonly removed: FieldSet;
}

/** Metadata itself belongs to nobody, so it is there in both. */
export function difference(schema: Schema, before: JsonObject, after: JsonObject, hasStructs = false): Difference {
  const [one, other] = [
    { metadata: {}, ...ownable(before) },
    { metadata: {}, ...ownable(after) },
  ];
  const whole = withMetadata(schema);
  return {
    set: changed(whole, one, other, { hasStructs }),
    removed: changed(whole, other, one, { hasStructs, onlyNew: true }),
  };
}

interface Manner {
  /** Structures of Go are always there: nobody owns them as such. */
  readonly hasStructs: boolean;
  readonly onlyNew?: boolean;
}

/** What the newer of two values has that the older has not, or has otherwise unless `onlyNew`. */
function changed(schema: Schema, older: Json, newer: Json, manner: Manner): FieldSet {
  const parts = partsOf(schema, newer) ?? [];
  const known = new Map((partsOf(schema, older) ?? []).map((part) => [part.key, part.value]));
  const entries = parts.flatMap((part): readonly (readonly [string, FieldSet])[] => {
    const before = known.get(part.key);
    if (before === undefined) return [[part.key, added(part, manner)]];
    if (equal(before, part.value)) return [];
    const isWhole = !partsOf(part.schema, part.value) || !partsOf(part.schema, before);
    if (isWhole) return manner.onlyNew ? [] : [[part.key, {}]];
    const below = changed(part.schema, before, part.value, manner);
    return Object.keys(below).length > 0 ? [[part.key, below]] : [];
  });
  return Object.fromEntries(entries);
}

/** A value that is new is owned with everything in it. */
function added({ schema, value, isField }: Part, manner: Manner): FieldSet {
  const parts = partsOf(schema, value);
  if (!parts || parts.length === 0) return {};
  const below = Object.fromEntries(parts.map((part) => [part.key, added(part, manner)]));
  return manner.hasStructs && isField && schema.properties ? below : { ".": {}, ...below };
}
