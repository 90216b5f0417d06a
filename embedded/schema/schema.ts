import type { Json, JsonObject } from "../json.ts";

/** A structural schema: what CRDs and APIResourceSchemas describe objects by. */
export interface Schema {
  readonly description?: string;
  readonly type?: "object" | "array" | "string" | "integer" | "number" | "boolean";
  readonly format?: string;
  readonly nullable?: boolean;
  readonly default?: Json;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly enum?: readonly Json[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: boolean;
  readonly exclusiveMaximum?: boolean;
  readonly multipleOf?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly allOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly not?: Schema;
  readonly "x-kubernetes-preserve-unknown-fields"?: boolean;
  readonly "x-kubernetes-int-or-string"?: boolean;
  readonly "x-kubernetes-embedded-resource"?: boolean;
  readonly "x-kubernetes-list-type"?: "atomic" | "set" | "map";
  readonly "x-kubernetes-list-map-keys"?: readonly string[];
  readonly "x-kubernetes-map-type"?: "atomic" | "granular";
  /** Rules in CEL; they are kept and not evaluated. */
  readonly "x-kubernetes-validations"?: readonly Json[];
  /** Ours: the value may not change, and why; kcp says it by a rule in CEL. */
  readonly immutable?: string;
  /** Ours: what may not become of fields of an object that are set; kcp says it by rules in CEL too. */
  readonly transitions?: readonly Transition[];
  /** Ours: what has to hold of an object; kcp says it by rules in CEL as well. */
  readonly rules?: readonly Rule[];
}

/** What has to hold of an object. */
export interface Rule {
  readonly message: string;
  holds(value: JsonObject): boolean;
}

export interface Transition {
  readonly field: string;
  readonly forbids: "change" | "removal";
  readonly message: string;
}

/** The short way to write schemas down. */
type More = Omit<Schema, "type">;
export const text = (more: More = {}): Schema => ({ type: "string", ...more });
export const flag = (more: More = {}): Schema => ({ type: "boolean", ...more });
export const whole = (more: More = {}): Schema => ({ type: "integer", format: "int64", ...more });
export const time = (more: More = {}): Schema => ({ type: "string", format: "date-time", ...more });
/** Fields whose name ends in `!` are required. */
export function object(fields: Readonly<Record<string, Schema>> = {}, more: More = {}): Schema {
  const names = Object.keys(fields);
  const required = names.filter((name) => name.endsWith("!")).map((name) => name.slice(0, -1));
  const properties = Object.fromEntries(
    Object.entries(fields).map(([name, schema]) => [name.replace(/!$/, ""), schema]),
  );
  return { type: "object", ...(names.length > 0 && { properties }), ...(required.length > 0 && { required }), ...more };
}
export const listOf = (items: Schema, more: More = {}): Schema => ({ type: "array", items, ...more });
export const setOf = (items: Schema, more: More = {}): Schema =>
  listOf(items, { "x-kubernetes-list-type": "set", ...more });
/** A list whose items are told apart by these fields. */
export const byKeys = (keys: readonly string[], items: Schema, more: More = {}): Schema =>
  listOf(items, { "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": keys, ...more });
export const mapOf = (values: Schema, more: More = {}): Schema => ({
  type: "object",
  additionalProperties: values,
  ...more,
});
export const anything = (more: More = {}): Schema => ({ "x-kubernetes-preserve-unknown-fields": true, ...more });
export const anyObject = (more: More = {}): Schema => ({ type: "object", ...anything(more) });
