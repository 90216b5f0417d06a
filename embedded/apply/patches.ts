import { asObject, equal, isArray, isObject, type Json, type JsonObject, shown } from "../json.ts";
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
  if (patch.length > maxOperations) {
    const why = `The allowed maximum operations in a JSON patch is ${maxOperations}, got ${patch.length}`;
    throw new StatusError(`Request entity too large: ${why}`, { code: 413, reason: "RequestEntityTooLarge" });
  }
  return patch.reduce<Json>((value, operation) => applyOperation(value, asObject(operation)), target);
}

const maxOperations = 10_000;

/** A patch that does not fit what it is applied to. */
export class PatchError extends Error {
  override name = "PatchError";
}

function applyOperation(target: Json, { op, path, from, value }: JsonObject): Json {
  const at = pointer(path);
  switch (op) {
    case "add":
      return edit(target, at, () => value ?? null, "insert");
    case "replace":
      return edit(target, at, () => value ?? null, "replace");
    case "remove":
      return removed(target, path, at);
    case "test":
      if (!equal(read(target, at), value ?? null)) throw new PatchError(`testing value ${shown(path)} failed`);
      return target;
    case "copy":
      return edit(target, at, () => read(target, pointer(from)), "insert");
    case "move": {
      const moved = read(target, pointer(from));
      return edit(
        edit(target, pointer(from), () => undefined, "remove"),
        at,
        () => moved,
        "insert",
      );
    }
    default:
      throw new PatchError(`Unexpected kind: ${shown(op)}`);
  }
}

function removed(target: Json, path: Json | undefined, at: readonly string[]): Json {
  try {
    return edit(target, at, () => undefined, "remove");
  } catch (cause) {
    if (!(cause instanceof PatchError)) throw cause;
    throw new PatchError(`error in remove for path: '${shown(path)}': ${cause.message}`, { cause });
  }
}

function pointer(path: Json | undefined): readonly string[] {
  if (typeof path !== "string" || (path !== "" && !path.startsWith("/"))) throw missing(shown(path));
  return path
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function read(target: Json, path: readonly string[]): Json {
  let found: Json | undefined = target;
  for (const key of path) found = isArray(found) ? found[Number(key)] : isObject(found) ? found[key] : undefined;
  if (found === undefined) throw missing(path.join("/"));
  return found;
}

const missing = (path: string) => new PatchError(`doc is missing path: ${path}: missing value`);

type Change = (before: Json | undefined) => Json | undefined;
type Mode = "insert" | "replace" | "remove";

function edit(target: Json, path: readonly string[], change: Change, mode: Mode): Json {
  const [key, ...rest] = path;
  if (key === undefined) return change(target) ?? null;
  if (isArray(target)) return editArray(target, key, rest, change, mode);
  if (!isObject(target)) throw missing(path.join("/"));
  const before = target[key];
  if (before === undefined && rest.length > 0) throw missing(path.join("/"));
  if (before === undefined && mode === "remove") {
    throw new PatchError(`Unable to remove nonexistent key: ${key}: missing value`);
  }
  const after = rest.length > 0 && before !== undefined ? edit(before, rest, change, mode) : change(before);
  if (after !== undefined) return { ...target, [key]: after };
  const { [key]: _gone, ...left } = target;
  return left;
}

function editArray(target: readonly Json[], key: string, rest: readonly string[], change: Change, mode: Mode): Json {
  const index = key === "-" ? target.length : Number(key);
  const last = mode === "insert" && rest.length === 0 ? target.length : target.length - 1;
  if (!Number.isInteger(index) || index < 0 || index > last) {
    throw new PatchError(`Unable to access invalid index: ${key}: invalid index referenced`);
  }
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
  const given: string[] = [];
  for (const item of patch) {
    const key = itemKey(schema, item);
    if (asObject(item).$patch === "delete") merged.delete(key);
    else {
      given.push(key);
      merged.set(key, kind === "map" ? strategicPatch(schema.items ?? {}, merged.get(key), item) : item);
    }
  }
  const present = target.map((item) => itemKey(schema, item));
  return inTurn(present, given, merged);
}

/** Items of the patch come as they are given, others before those that they were before. */
function inTurn(present: readonly string[], given: readonly string[], merged: ReadonlyMap<string, Json>): Json {
  const others = present.filter((key) => merged.has(key) && !given.includes(key));
  const order: string[] = [];
  for (const key of given) {
    const place = present.indexOf(key);
    while (place >= 0 && others[0] !== undefined && present.indexOf(others[0]) < place)
      order.push(others.shift() ?? "");
    order.push(key);
  }
  return [...order, ...others].flatMap((key) => merged.get(key) ?? []);
}
