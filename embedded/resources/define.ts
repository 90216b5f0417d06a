import { object, type Schema, text, time } from "../schema/schema.ts";
import { type Column, type ResourceType, storageOf } from "./resource-type.ts";

/** What differs between the types of this server's own. */
export interface Definition {
  readonly kind: string;
  readonly plural?: string;
  readonly namespaced?: boolean;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly hasStatus?: boolean;
  readonly columns?: readonly Column[];
  readonly description?: string;
  /** Fields besides apiVersion, kind and metadata. */
  readonly fields: Readonly<Record<string, Schema>>;
  /** Narrows `metadata`. */
  readonly metadata?: Schema;
}

/** A type with one version; the plural is regular unless given. */
export function defineType(group: string, version: string, isNative: boolean, definition: Definition): ResourceType {
  const { kind, namespaced = false, shortNames = [], categories = [], hasStatus = false, columns = [] } = definition;
  const singular = kind.toLowerCase();
  const plural = definition.plural ?? `${singular}s`;
  return {
    group,
    plural,
    singular,
    kind,
    listKind: `${kind}List`,
    shortNames,
    categories,
    namespaced,
    storage: storageOf(group, plural),
    storageVersion: version,
    versions: [{ name: version, schema: schemaOf(definition), columns, hasStatus }],
    isNative,
  };
}

export function schemaOf({ fields, description, metadata = { type: "object" } }: Omit<Definition, "kind">): Schema {
  return object({ apiVersion: text(), kind: text(), metadata, ...fields }, description ? { description } : {});
}

export const age: Column = { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" };
/** The age of an object of Kubernetes, which calls it a text. */
export const ageInWords: Column = { ...age, type: "since" };
export const column = (name: string, jsonPath: string, more: Partial<Column> = {}): Column => ({
  name,
  type: "string",
  jsonPath,
  ...more,
});

/** Conditions as kcp reports them. */
export const conditions: Schema = {
  type: "array",
  items: object({
    "lastTransitionTime!": time(),
    message: text(),
    reason: text(),
    severity: text(),
    "status!": text(),
    "type!": text(),
  }),
};
