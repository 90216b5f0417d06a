import { asArray, asObject, equal, type JsonObject } from "../json.ts";
import type { ManagedFields } from "../object.ts";
import type { Schema } from "../schema/schema.ts";
import { StatusError } from "../status-error.ts";
import { type FieldSet, intersect, inWords, isEmpty, members, none, subtract, union } from "./field-set.ts";
import { difference, fieldsOf } from "./fields.ts";
import { mergeApplied, removeFields } from "./merge.ts";

/** Who writes, and how. */
export interface Manager {
  readonly name: string;
  readonly apiVersion: string;
  readonly subresource: string | undefined;
  readonly time: string | undefined;
}

/** The record after a write that was no apply: what it set is the writer's, and nobody else's if the value changed. */
export function trackUpdate(
  schema: Schema,
  before: JsonObject,
  after: JsonObject,
  manager: Manager,
  hasStructs: boolean,
): readonly ManagedFields[] {
  const { set, removed } = difference(schema, before, after, hasStructs);
  const touched = union(set, removed);
  const entries = entriesOf(before);
  if (isEmpty(touched)) return entries;
  const own = entries.find((entry) => isBy(entry, manager, "Update"));
  const others = entries.filter((entry) => entry !== own).flatMap((entry) => less(entry, touched));
  const fields = union(subtract(own?.fieldsV1 ?? none, removed), set);
  return sorted(isEmpty(fields) ? others : [...others, entry(manager, "Update", fields)]);
}

export interface Applied {
  readonly object: JsonObject;
  readonly managedFields: readonly ManagedFields[];
}

/** Server-side apply. Throws a conflict when others own a field that would change, unless forced. */
export function applyTo(
  schema: Schema,
  live: JsonObject | undefined,
  applied: JsonObject,
  manager: Manager,
  { force, hasStructs }: { readonly force: boolean; readonly hasStructs: boolean },
): Applied {
  const entries = live ? entriesOf(live) : [];
  const own = entries.find((each) => isBy(each, manager, "Apply"));
  const others = entries.filter((each) => each !== own);
  const claimed = fieldsOf(schema, applied);
  const merged = live ? mergeApplied(schema, live, applied) : applied;
  const changed = live ? difference(schema, live, merged, hasStructs).set : none;
  const contested = others.map((each) => ({ each, fields: intersect(intersect(each.fieldsV1, claimed), changed) }));
  const conflicts = contested.filter(({ fields }) => !isEmpty(fields));
  if (conflicts.length > 0 && !force) throw applyConflict(conflicts);
  const left = others.flatMap((each) => less(each, intersect(changed, claimed)));
  const owned = left.reduce((all, each) => union(all, each.fieldsV1), none);
  // What this manager claimed before, claims no longer, and nobody else has.
  const kept = union(claimed, owned);
  const gone = subtract(own?.fieldsV1 ?? none, kept);
  const object = isEmpty(gone) ? merged : removeFields(schema, merged, { gone, kept });
  // Only what changes the object has a time.
  const isSame = live !== undefined && equal(withoutRecord(live), withoutRecord(object));
  const written = entry(isSame ? { ...manager, time: own?.time } : manager, "Apply", claimed);
  return { object, managedFields: sorted([written, ...left]) };
}

function applyConflict(conflicts: readonly { each: ManagedFields; fields: FieldSet }[]): StatusError {
  const byManager = conflicts.map(({ each, fields }) => ({
    by: describe(each),
    fields: [...members(fields)].map((path) => inWords(path)),
  }));
  const causes = byManager.flatMap(({ by, fields }) =>
    fields.map((field) => ({ reason: "FieldManagerConflict", message: `conflict with ${by}`, field })),
  );
  const [first] = causes;
  const one = `1 conflict: ${first?.message}: ${first?.field}`;
  const lists = byManager.map(({ by, fields }) => [`conflicts with ${by}:`, ...fields.map((field) => `- ${field}`)]);
  const many = `${causes.length} conflicts: ${lists.flat().join("\n")}`;
  return new StatusError(`Apply failed with ${causes.length === 1 ? one : many}`, {
    code: 409,
    reason: "Conflict",
    details: { causes },
  });
}

const describe = ({ manager, operation, apiVersion, subresource }: ManagedFields): string =>
  [
    `"${manager}"`,
    ...(subresource ? [`with subresource "${subresource}"`] : []),
    ...(operation === "Apply" ? [] : [`using ${apiVersion}`]),
  ].join(" ");

/** Applies first, then by time and name. */
function sorted(entries: readonly ManagedFields[]): readonly ManagedFields[] {
  const key = ({ operation, time = "", manager, subresource = "" }: ManagedFields) =>
    `${operation} ${time} ${manager} ${subresource}`;
  return [...entries].sort((one, other) => (key(one) < key(other) ? -1 : key(one) > key(other) ? 1 : 0));
}

const entriesOf = (object: JsonObject): readonly ManagedFields[] =>
  asArray(asObject(object.metadata).managedFields) as readonly ManagedFields[];

function isBy(each: ManagedFields, manager: Manager, operation: string): boolean {
  return (
    each.manager === manager.name &&
    each.operation === operation &&
    each.apiVersion === manager.apiVersion &&
    (each.subresource ?? "") === (manager.subresource ?? "")
  );
}

function less(each: ManagedFields, taken: FieldSet): readonly ManagedFields[] {
  const fieldsV1 = subtract(each.fieldsV1, taken);
  if (isEmpty(fieldsV1)) return [];
  return [equal(fieldsV1, each.fieldsV1) ? each : { ...each, fieldsV1: shared(fieldsV1) }];
}

function entry({ name, apiVersion, subresource, time }: Manager, operation: string, fields: FieldSet): ManagedFields {
  return {
    manager: name,
    operation,
    apiVersion,
    ...(time !== undefined && { time }),
    fieldsType: "FieldsV1",
    fieldsV1: shared(fields),
    ...(subresource && { subresource }),
  };
}

/** Objects of a kind are mostly written in the same way: each set of fields is kept once. */
const sets = new Map<string, FieldSet>();
function shared(fields: FieldSet): FieldSet {
  const key = JSON.stringify(fields);
  const known = sets.get(key);
  if (known) return known;
  if (sets.size > 5_000) sets.clear();
  sets.set(key, fields);
  return fields;
}

function withoutRecord(object: JsonObject): JsonObject {
  const { managedFields: _record, ...metadata } = asObject(object.metadata);
  return { ...object, metadata };
}
