import { createHash } from "node:crypto";
import type { Model } from "./fga.ts";

/** Whether two models mean the same, whatever their order, and whatever OpenFGA has added. */
export const sameModel = (one: Model, other: Model): boolean => canonical(one) === canonical(other);

/** Equal for models that mean the same, and only for them: what was written last need not be written again. */
export const modelHash = (model: Model): string => createHash("sha256").update(canonical(model)).digest("hex");

function canonical({ schema_version, type_definitions, conditions }: Model): string {
  const types = type_definitions.map((type) => JSON.stringify(normal(type))).toSorted();
  return JSON.stringify([schema_version, types, normal(conditions ?? {})]);
}

/** Where an element comes from: no part of what it means. */
const origins = ["module", "source_info"];
/** Nothing in these is the same as none of them; elsewhere an empty object has a meaning, e.g. `this`. */
const optional = ["relations", "conditions", "metadata", "directly_related_user_types", "generic_types"];
/** Sets that are written as lists. */
const sets = ["directly_related_user_types"];

function normal(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(normal);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value)
    .map(([key, part]): [string, unknown] => [key, normalPart(key, normal(part))])
    .filter(([key, part]) => !origins.includes(key) && part !== null && part !== "" && part !== undefined)
    .filter(([key, part]) => !optional.includes(key) || !isEmpty(part))
    .toSorted(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(entries);
}

function normalPart(key: string, value: unknown): unknown {
  if (sets.includes(key) && Array.isArray(value)) return value.toSorted(byJson);
  // A relation about which nothing is said, in a type's metadata.
  if (key !== "relations" || typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).filter(([, relation]) => !isEmpty(relation)));
}

const byJson = (one: unknown, other: unknown) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1);
const isEmpty = (value: unknown) => typeof value === "object" && value !== null && Object.keys(value).length === 0;
