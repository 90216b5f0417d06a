/** Values as they travel; objects are never changed once stored, so versions share what they have in common. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export type JsonObject = { readonly [key: string]: Json | undefined };

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);
export const isArray = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);

/** The value at a path of keys; `undefined` where the path ends early. */
export function at(value: Json | undefined, ...path: readonly (string | number)[]): Json | undefined {
  let found: Json | undefined = value;
  for (const key of path) {
    if (isArray(found) && typeof key === "number") found = found[key];
    else if (isObject(found)) found = found[key];
    else return undefined;
  }
  return found;
}

/** A copy with the value at the path set, or taken away when it is `undefined`; missing objects on the way are made. */
export function setAt(value: JsonObject, path: readonly string[], leaf: Json | undefined): JsonObject {
  const [key, ...rest] = path;
  if (key === undefined) return isObject(leaf) ? leaf : value;
  const child = value[key];
  if (rest.length === 0) {
    if (leaf !== undefined) return { ...value, [key]: leaf };
    const { [key]: _gone, ...others } = value;
    return others;
  }
  if (leaf === undefined && !isObject(child)) return value;
  return { ...value, [key]: setAt(isObject(child) ? child : {}, rest, leaf) };
}

/** Deep equality; a key that holds `undefined` is the same as none. */
export function equal(one: Json | undefined, other: Json | undefined): boolean {
  if (one === other) return true;
  if (isArray(one) && isArray(other)) {
    return one.length === other.length && one.every((item, index) => equal(item, other[index]));
  }
  if (!isObject(one) || !isObject(other)) return false;
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
  for (const key of keys) if (!equal(one[key], other[key])) return false;
  return true;
}

/** A value as people read it. */
export const shown = (value: Json | undefined): string =>
  typeof value === "object" ? JSON.stringify(value) : String(value ?? "");
export const asString = (value: Json | undefined): string => (typeof value === "string" ? value : "");
export const asArray = (value: Json | undefined): readonly Json[] => (isArray(value) ? value : []);
export const asObject = (value: Json | undefined): JsonObject => (isObject(value) ? value : {});
export const strings = (value: Json | undefined): readonly string[] =>
  asArray(value).filter((item) => typeof item === "string");
