import { asObject, equal, isArray, isObject, type Json, type JsonObject } from "../json.ts";
import type { Schema } from "../schema/schema.ts";
import { badRequest, StatusError } from "../status-error.ts";
import { elementOf, itemKey } from "./typed.ts";

/** RFC 7386. */
export function mergePatch(target: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) return patch;
  const result: Record<string, Json | undefined> = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null || value === undefined) delete result[key];
    else result[key] = mergePatch(result[key], value);
  }
  return result;
}

/** RFC 6902. */
export function jsonPatch(target: Json, patch: Json): Json {
  if (!isArray(patch)) {
    throw badRequest(
      "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp",
    );
  }
  return patch.reduce<Json>((value, operation) => applyOperation(value, asObject(operation)), target);
}

const rejected = () =>
  new StatusError("the server rejected our request due to an error in our request", {
    code: 422,
    reason: "Invalid",
    details: {},
  });

function applyOperation(target: Json, { op, path, from, value }: JsonObject): Json {
  const at = pointer(path);
  switch (op) {
    case "add":
      return edit(target, at, () => value ?? null, "insert");
    case "replace":
      return edit(target, at, () => value ?? null, "replace");
    case "remove":
      return edit(target, at, () => undefined, "replace");
    case "test":
      if (!equal(read(target, at), value ?? null)) throw rejected();
      return target;
    case "copy":
      return edit(target, at, () => read(target, pointer(from)), "insert");
    case "move": {
      const moved = read(target, pointer(from));
      return edit(
        edit(target, pointer(from), () => undefined, "replace"),
        at,
        () => moved,
        "insert",
      );
    }
    default:
      throw rejected();
  }
}

function pointer(path: Json | undefined): readonly string[] {
  if (typeof path !== "string" || (path !== "" && !path.startsWith("/"))) throw rejected();
  return path
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function read(target: Json, path: readonly string[]): Json {
  let found: Json | undefined = target;
  for (const key of path) found = isArray(found) ? found[Number(key)] : isObject(found) ? found[key] : undefined;
  if (found === undefined) throw rejected();
  return found;
}

type Change = (before: Json | undefined) => Json | undefined;

function edit(target: Json, [key, ...rest]: readonly string[], change: Change, mode: "insert" | "replace"): Json {
  if (key === undefined) return change(target) ?? null;
  if (isArray(target)) return editArray(target, key, rest, change, mode);
  if (!isObject(target)) throw rejected();
  const before = target[key];
  if (before === undefined && (rest.length > 0 || mode === "replace")) throw rejected();
  const after = rest.length > 0 && before !== undefined ? edit(before, rest, change, mode) : change(before);
  if (after !== undefined) return { ...target, [key]: after };
  const { [key]: _gone, ...left } = target;
  return left;
}

function editArray(
  target: readonly Json[],
  key: string,
  rest: readonly string[],
  change: Change,
  mode: "insert" | "replace",
): Json {
  const index = key === "-" ? target.length : Number(key);
  const last = mode === "insert" && rest.length === 0 ? target.length : target.length - 1;
  if (!Number.isInteger(index) || index < 0 || index > last) throw rejected();
  const before = target[index];
  if (rest.length > 0 && before !== undefined) return target.with(index, edit(before, rest, change, mode));
  const after = change(before);
  return target.toSpliced(index, mode === "insert" ? 0 : 1, ...(after === undefined ? [] : [after]));
}

/** Strategic merge: as a merge patch, but lists whose items have keys are merged item by item. */
export function strategicPatch(schema: Schema, target: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) return patch;
  const { $patch: directive, ...changes } = patch;
  if (directive === "replace") return changes;
  const result: Record<string, Json | undefined> = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(changes)) {
    if (key.startsWith("$setElementOrder/") || key.startsWith("$retainKeys")) continue;
    if (key.startsWith("$deleteFromPrimitiveList/")) {
      const name = key.slice("$deleteFromPrimitiveList/".length);
      const gone = isArray(value) ? value : [];
      const present = result[name];
      if (isArray(present)) result[name] = present.filter((item) => !gone.some((each) => equal(each, item)));
      continue;
    }
    const below = schema.properties?.[key] ?? elementOf(schema);
    if (value === null || value === undefined) delete result[key];
    else if (isArray(value)) result[key] = mergeItems(below, result[key], value);
    else result[key] = strategicPatch(below, result[key], value);
  }
  return result;
}

function mergeItems(schema: Schema, target: Json | undefined, patch: readonly Json[]): Json {
  const kind = schema["x-kubernetes-list-type"] ?? "atomic";
  if (kind === "atomic" || !isArray(target)) return patch.filter((item) => asObject(item).$patch !== "delete");
  const merged = new Map(target.map((item) => [itemKey(schema, item), item]));
  for (const item of patch) {
    const key = itemKey(schema, item);
    if (asObject(item).$patch === "delete") merged.delete(key);
    else merged.set(key, kind === "map" ? strategicPatch(schema.items ?? {}, merged.get(key), item) : item);
  }
  return [...merged.values()];
}
