import { isDeepStrictEqual } from "node:util";
import type { Style } from "./style.ts";

/** One value that is not the same on both sides; a side that lacks it has no field of that name. */
export interface Difference {
  /** e.g. `status.conditions[Ready].reason`. */
  readonly path: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

/** What differs between two JSON values, path by path, in the order of the fields. */
export function differences(before: unknown, after: unknown, path = ""): readonly Difference[] {
  if (isDeepStrictEqual(before, after)) return [];
  const [left, right] = [fieldsOf(before), fieldsOf(after)];
  const isOpened = (left && right) || (before === undefined && right?.size) || (after === undefined && left?.size);
  if (!isOpened || (path.endsWith("]") && !(left && right))) return [{ path, ...sidesOf(before, after) }];
  const names = new Set([...(left?.keys() ?? []), ...(right?.keys() ?? [])]);
  const found = [...names].flatMap((name) => differences(left?.get(name), right?.get(name), join(path, name)));
  // An entry of a list is one thing: a condition changes its status, reason and message together.
  return path.endsWith("]") && found.length > 1 ? [gathered(found, path)] : found;
}

const sidesOf = (before: unknown, after: unknown) => ({
  ...(before !== undefined && { before }),
  ...(after !== undefined && { after }),
});

function gathered(found: readonly Difference[], path: string): Difference {
  const side = (key: "before" | "after") => {
    const fields = found.flatMap((each) => (key in each ? [[each.path.slice(path.length + 1), each[key]]] : []));
    return fields.length > 0 && { [key]: Object.fromEntries(fields) };
  };
  return { path, ...side("before"), ...side("after") };
}

/** The same for people: `- path: value` and `+ path: value`. */
export function diffLines(before: unknown, after: unknown, style: Style): readonly string[] {
  return differences(before, after).flatMap(({ path, ...sides }) => {
    const [left, right] = shortened(text(sides.before), text(sides.after));
    return [
      ...("before" in sides ? [style.red(`- ${path || "(all)"}: ${left}`)] : []),
      ...("after" in sides ? [style.green(`+ ${path || "(all)"}: ${right}`)] : []),
    ];
  });
}

/** Fields of an object, or entries of a list whose entries have names of their own; `undefined` for all that is
 *  compared as a whole. */
function fieldsOf(value: unknown): ReadonlyMap<string, unknown> | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (!Array.isArray(value)) return new Map(Object.entries(value));
  const entries = namedEntries(value);
  return entries && new Map(entries);
}

/** Conditions have a type, owners and most others a name. */
function namedEntries(list: readonly unknown[]): readonly [string, unknown][] | undefined {
  for (const key of ["type", "name"]) {
    const names = list.map((entry) => (isObject(entry) && typeof entry[key] === "string" ? entry[key] : undefined));
    if (!names.includes(undefined) && new Set(names).size === list.length) {
      return list.map((entry, index) => [`[${names[index]}]`, entry]);
    }
  }
  return undefined;
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

function join(path: string, name: string): string {
  if (name.startsWith("[")) return path + name;
  const field = /^[\w-]+$/.test(name) ? name : JSON.stringify(name);
  return path ? `${path}.${field}` : field;
}

const text = (value: unknown): string => JSON.stringify(value) ?? "";

const maxShown = 160;
/** Long values are cut to the part that differs. */
function shortened(left: string, right: string): readonly [string, string] {
  if (Math.max(left.length, right.length) <= maxShown) return [left, right];
  let same = 0;
  while (same < left.length && left[same] === right[same]) same++;
  const from = left && right ? Math.max(0, same - 20) : 0;
  const cut = (value: string) => {
    const part = value.slice(from, from + maxShown);
    return `${from > 0 ? "…" : ""}${part}${from + maxShown < value.length ? "…" : ""}`;
  };
  return [cut(left), cut(right)];
}
