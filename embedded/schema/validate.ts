import { equal, isArray, isObject, type Json, type JsonObject } from "../json.ts";
import type { Cause } from "../status-error.ts";
import type { Schema } from "./schema.ts";

/** What is wrong with a value, in the words of Kubernetes; with `before`, also what may not change. */
export function validate(schema: Schema, value: Json | undefined, path: string, before?: Json): readonly Cause[] {
  const causes: Cause[] = [];
  check(schema, value, path, before, (cause) => causes.push(cause));
  return causes;
}

const blocking = new Set([
  "FieldValueNotSupported",
  "FieldValueRequired",
  "FieldValueTooLong",
  "FieldValueTooMany",
  "FieldValueTypeInvalid",
]);

/** What is wrong with a whole object. */
export function validateObject(schema: Schema, value: Json | undefined, before?: Json): readonly Cause[] {
  return withUnchecked(schema, validate(schema, value, "", before));
}

/** What is wrong, and that for this the rules of the schema were not looked at. */
export function withUnchecked(schema: Schema, causes: readonly Cause[]): readonly Cause[] {
  if (!hasRules(schema) || !causes.some(({ reason }) => blocking.has(reason))) return causes;
  const message =
    "Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation";
  return [...causes, { reason: "FieldValueInvalid", message, field: "<nil>" }];
}

const withRules = new WeakMap<Schema, boolean>();

/** Whether a schema says more than structure, which kcp checks only where the structure is right. */
function hasRules(schema: Schema): boolean {
  const known = withRules.get(schema);
  if (known !== undefined) return known;
  const { immutable, rules, transitions, properties = {}, items, additionalProperties } = schema;
  const below = [...Object.values(properties), items, additionalProperties];
  const has =
    immutable !== undefined ||
    rules !== undefined ||
    transitions !== undefined ||
    schema["x-kubernetes-validations"] !== undefined ||
    below.some((each) => typeof each === "object" && hasRules(each));
  withRules.set(schema, has);
  return has;
}

type Tell = (cause: Cause) => void;

function check(schema: Schema, value: Json | undefined, path: string, before: Json | undefined, tell: Tell): void {
  if (value === undefined || (value === null && schema.nullable)) return;
  const bad = (message: string) => tell(invalidValue(path, value, message));
  if (schema.immutable && before !== undefined && !equal(before, value)) bad(schema.immutable);
  if (!hasType(schema, value)) {
    const found = typeName(value);
    tell({
      reason: "FieldValueTypeInvalid",
      message: `Invalid value: "${found}": ${path} in body must be of type ${typeSaid(schema)}: "${found}"`,
      field: path,
    });
    return;
  }
  if (schema.enum && !schema.enum.some((allowed) => equal(allowed, value))) {
    const supported = schema.enum.map((allowed) => JSON.stringify(allowed)).join(", ");
    const message = `Unsupported value: ${JSON.stringify(value)}: supported values: ${supported}`;
    tell({ reason: "FieldValueNotSupported", message, field: path });
  }
  if (typeof value === "string") checkString(schema, value, path, tell);
  if (typeof value === "number") checkNumber(schema, value, path, tell);
  if (isArray(value)) checkArray(schema, value, path, before, tell);
  if (isObject(value)) checkObject(schema, value, path, before, tell);
  checkCombined(schema, value, path, tell);
}

const typeSaid = (schema: Schema) => (schema["x-kubernetes-int-or-string"] ? "integer,string" : schema.type);

function hasType(schema: Schema, value: Json): boolean {
  if (schema["x-kubernetes-int-or-string"]) return typeof value === "string" || Number.isInteger(value);
  switch (schema.type) {
    case undefined:
      return true;
    case "object":
      return isObject(value);
    case "array":
      return isArray(value);
    case "integer":
      return Number.isInteger(value);
    default:
      return typeof value === schema.type;
  }
}

function typeName(value: Json): string {
  if (value === null) return "null";
  if (isArray(value)) return "array";
  return Number.isInteger(value) ? "integer" : typeof value;
}

function checkString(schema: Schema, value: string, path: string, tell: Tell): void {
  const { maxLength, minLength, pattern, format } = schema;
  const bad = (message: string) => tell(invalidValue(path, value, `${path} in body ${message}`));
  // Only the first of these is told.
  if (maxLength !== undefined && lengthOf(value) > maxLength) {
    tell({ reason: "FieldValueTooLong", message: `Too long: may not be more than ${maxLength} bytes`, field: path });
  } else if (minLength !== undefined && lengthOf(value) < minLength) {
    bad(`should be at least ${minLength} chars long`);
  } else if (pattern !== undefined && !new RegExp(pattern).test(value)) bad(`should match '${pattern}'`);
  if (format !== undefined && !(formats[format]?.(value) ?? true)) {
    const message = `Invalid value: "${value}": ${path} in body must be of type ${format}: "${value}"`;
    tell({ reason: "FieldValueTypeInvalid", message, field: path });
  }
}

/** Characters as Go counts them: code points. */
const lengthOf = (value: string): number => Array.from(value).length;

const formats: Readonly<Record<string, (value: string) => boolean>> = {
  "date-time": (value) =>
    /^\d{4}-\d\d-\d\d[tT ]\d\d:\d\d:\d\d(\.\d+)?([zZ]|[+-]\d\d:\d\d)$/.test(value) && !Number.isNaN(Date.parse(value)),
  date: (value) => /^\d{4}-\d\d-\d\d$/.test(value),
  byte: (value) => /^[A-Za-z0-9+/\s]*={0,2}$/.test(value),
};

function checkNumber(schema: Schema, value: number, path: string, tell: Tell): void {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
  const bad = (message: string) => tell(invalidValue(path, value, `${path} in body should be ${message}`));
  if (minimum !== undefined && (exclusiveMinimum ? value <= minimum : value < minimum)) {
    bad(`${exclusiveMinimum ? "greater than" : "greater than or equal to"} ${minimum}`);
  }
  if (maximum !== undefined && (exclusiveMaximum ? value >= maximum : value > maximum)) {
    bad(`${exclusiveMaximum ? "less than" : "less than or equal to"} ${maximum}`);
  }
  if (multipleOf !== undefined && value % multipleOf !== 0) bad(`a multiple of ${multipleOf}`);
}

function checkArray(schema: Schema, value: readonly Json[], path: string, before: Json | undefined, tell: Tell): void {
  const { items, minItems, maxItems, uniqueItems } = schema;
  if (minItems !== undefined && value.length < minItems) {
    tell(invalidValue(path, value.length, `${path} in body should have at least ${minItems} items`));
  }
  if (maxItems !== undefined && value.length > maxItems) {
    const message = `Too many: ${value.length}: must have at most ${maxItems} items`;
    tell({ reason: "FieldValueTooMany", message, field: path });
  }
  const kind = schema["x-kubernetes-list-type"] ?? (uniqueItems ? "set" : "atomic");
  const keys = schema["x-kubernetes-list-map-keys"];
  const old = new Map(isArray(before) ? before.map((item) => [itemKey(item, keys), item]) : []);
  const seen = new Set<string>();
  for (const [index, item] of value.entries()) {
    const key = itemKey(item, keys);
    if (kind !== "atomic" && seen.has(key)) {
      tell({ reason: "FieldValueDuplicate", message: `Duplicate value: ${key}`, field: `${path}[${index}]` });
    }
    seen.add(key);
    if (items) check(items, item, `${path}[${index}]`, kind === "map" ? old.get(key) : undefined, tell);
  }
}

function itemKey(item: Json, keys: readonly string[] | undefined): string {
  if (!keys || !isObject(item)) return JSON.stringify(item);
  return JSON.stringify(Object.fromEntries(keys.map((key) => [key, item[key]])));
}

function checkObject(schema: Schema, value: JsonObject, path: string, before: Json | undefined, tell: Tell): void {
  const { properties, required, additionalProperties, minProperties, maxProperties } = schema;
  const below = (name: string) => (path ? `${path}.${name}` : name);
  for (const name of required ?? []) {
    if (value[name] === undefined) {
      tell({ reason: "FieldValueRequired", message: "Required value", field: below(name) });
    }
  }
  const count = Object.keys(value).length;
  if (minProperties !== undefined && count < minProperties) {
    tell(invalidValue(path, count, `${path} in body should have at least ${minProperties} properties`));
  }
  if (maxProperties !== undefined && count > maxProperties) {
    const message = `Too many: ${count}: must have at most ${maxProperties} items`;
    tell({ reason: "FieldValueTooMany", message, field: path });
  }
  const old = isObject(before) ? before : {};
  for (const { field, forbids, message } of schema.transitions ?? []) {
    const is = forbids === "removal" ? value[field] === undefined : !equal(old[field], value[field]);
    if (old[field] !== undefined && is) {
      tell({ reason: "FieldValueInvalid", message: `Invalid value: ${message}`, field: path });
    }
  }
  for (const { holds, message } of schema.rules ?? []) {
    if (!holds(value)) tell({ reason: "FieldValueInvalid", message: `Invalid value: ${message}`, field: path });
  }
  for (const [name, child] of Object.entries(value)) {
    const known = properties?.[name] ?? (isObject(additionalProperties) ? additionalProperties : undefined);
    if (known) check(known as Schema, child, below(name), old[name], tell);
  }
}

/** Of the logical combinations only the verdict is told, as kcp does. */
function checkCombined(schema: Schema, value: Json, path: string, tell: Tell): void {
  const holds = (each: Schema) => validate({ ...each }, value, path).length === 0;
  for (const each of schema.allOf ?? []) for (const cause of validate(each, value, path)) tell(cause);
  if (schema.anyOf && !schema.anyOf.some(holds)) {
    tell(invalidValue(path, value, `${path} in body must validate at least one schema (anyOf)`));
  }
  const valid = schema.oneOf?.filter(holds).length ?? 1;
  if (valid !== 1) {
    const found = valid === 0 ? "Found none valid" : `Found ${valid} valid alternatives`;
    const message = `Invalid value: "": "${path}" must validate one and only one schema (oneOf). ${found}`;
    tell({ reason: "FieldValueInvalid", message, field: "<nil>" });
    const [first] = schema.oneOf ?? [];
    if (valid === 0 && first) for (const cause of validate(first, value, path)) tell(cause);
  }
  if (schema.not && holds(schema.not))
    tell(invalidValue(path, value, `${path} in body must not validate the schema (not)`));
}

export function invalidValue(field: string, value: Json, message: string): Cause {
  const shown = isObject(value) || isArray(value) ? `"${typeName(value)}"` : JSON.stringify(value);
  return { reason: "FieldValueInvalid", message: `Invalid value: ${shown}: ${message}`, field };
}
