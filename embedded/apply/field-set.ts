import { asObject, type JsonObject } from "../json.ts";

/** A set of fields in the form of `managedFields`: `{}` is a field itself, `"."` beside others says the same of one that
 *  has fields below it, as `{"f:spec": {".": {}, "f:type": {}}}`. */
export type FieldSet = JsonObject;

const isMember = (node: FieldSet): boolean => Object.keys(node).length === 0 || "." in node;
const children = (node: FieldSet): readonly string[] => Object.keys(node).filter((key) => key !== ".");

function build(member: boolean, entries: readonly (readonly [string, FieldSet])[]): FieldSet | undefined {
  if (entries.length === 0) return member ? {} : undefined;
  return Object.fromEntries([...(member ? [[".", {}] as const] : []), ...entries]);
}

/** The empty set; `{}` inside a set is a member, at its root it is nothing. */
export const none: FieldSet = {};
export const isEmpty = (set: FieldSet): boolean => Object.keys(set).length === 0;

export const union = (one: FieldSet, other: FieldSet): FieldSet => atRoot(one, other, unionBelow);
export const subtract = (one: FieldSet, other: FieldSet): FieldSet => atRoot(one, other, subtractBelow);
export const intersect = (one: FieldSet, other: FieldSet): FieldSet => atRoot(one, other, intersectBelow);

type Combine = (one: FieldSet | undefined, other: FieldSet | undefined) => FieldSet | undefined;

function atRoot(one: FieldSet, other: FieldSet, combine: Combine): FieldSet {
  return Object.fromEntries(combined(one, other, combine));
}

function combined(one: FieldSet, other: FieldSet, combine: Combine): readonly (readonly [string, FieldSet])[] {
  const keys = new Set([...children(one), ...children(other)]);
  return [...keys].flatMap((key) => {
    const left = one[key] === undefined ? undefined : asObject(one[key]);
    const right = other[key] === undefined ? undefined : asObject(other[key]);
    const node = combine(left, right);
    return node ? [[key, node] as const] : [];
  });
}

const unionBelow: Combine = (one, other) => {
  if (!one || !other) return one ?? other;
  return build(isMember(one) || isMember(other), combined(one, other, unionBelow));
};
const subtractBelow: Combine = (one, other) => {
  if (!one || !other) return one;
  return build(isMember(one) && !isMember(other), combined(one, other, subtractBelow));
};
const intersectBelow: Combine = (one, other) => {
  if (!one || !other) return undefined;
  return build(isMember(one) && isMember(other), combined(one, other, intersectBelow));
};

/** Takes the fields away together with all below them. */
export function without(set: FieldSet, gone: FieldSet): FieldSet {
  const prune: Combine = (one, other) => {
    if (!one || !other) return one;
    if (isMember(other)) return undefined;
    return build(isMember(one), combined(one, other, prune));
  };
  return atRoot(set, gone, prune);
}

/** Each member as the keys that lead to it. */
export function* members(set: FieldSet, path: readonly string[] = []): Generator<readonly string[]> {
  for (const key of [...children(set)].sort()) {
    const node = asObject(set[key]);
    if (isMember(node)) yield [...path, key];
    yield* members(node, [...path, key]);
  }
}

/** A path as people write it: `.spec.extend.with[name="x"]`. */
export function inWords(path: readonly string[]): string {
  return path
    .map((key) => {
      if (key.startsWith("f:")) return `.${key.slice(2)}`;
      if (key.startsWith("v:")) return `[=${key.slice(2)}]`;
      const keys = Object.entries(asObject(JSON.parse(key.slice(2))));
      return `[${keys.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(",")}]`;
    })
    .join("");
}
