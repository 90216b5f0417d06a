import { asString, isArray, isObject, type Json, type JsonObject, shown } from "../json.ts";
import type { Obj } from "../object.ts";
import type { Column } from "../resources/resource-type.ts";
import { jsonPath } from "./json-path.ts";
import type { Target } from "./target.ts";

/** Rows for `kubectl get`, by the printer columns of the type. */
export function tableOf(
  target: Target,
  objects: readonly Obj[],
  metadata: JsonObject,
  {
    now,
    include,
    withHeader = true,
  }: { readonly now: number; readonly include: string; readonly withHeader?: boolean },
): JsonObject {
  const columns = target.version.columns;
  return {
    kind: "Table",
    apiVersion: "meta.k8s.io/v1",
    metadata,
    columnDefinitions: withHeader ? [nameColumn, ...columns.map(definition)] : null,
    rows: objects.map((object) => ({
      cells: [object.metadata.name, ...columns.map((column) => cell(object, column, now))],
      ...(include !== "None" && { object: include === "Object" ? object : partial(object) }),
    })),
  };
}

const nameColumn = {
  name: "Name",
  type: "string",
  format: "name",
  description: "Name of the object, unique among those of its kind in a workspace or namespace.",
  priority: 0,
};

const definition = ({
  name,
  type,
  format = "",
  description = "",
  priority = 0,
  jsonPath: path,
}: Column): JsonObject => ({
  name,
  type: type === "count" ? "string" : type === "date" ? "string" : type,
  format,
  description: description || `What ${path} says.`,
  priority,
});

function partial({ metadata }: Obj): JsonObject {
  return { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata };
}

function cell(object: Obj, { jsonPath: path, type }: Column, now: number): Json {
  const found = jsonPath(object, path);
  const [first] = found;
  if (type === "count") return isObject(first) ? Object.keys(first).length : isArray(first) ? first.length : 0;
  if (first === undefined || first === null) return type === "date" ? "<unknown>" : null;
  if (type === "date") return since(Date.parse(asString(first)), now);
  if (type === "integer" || type === "number" || type === "boolean") return first;
  if (found.length > 1) return found.map(shown).join(",");
  return shown(first);
}

/** How long ago, in at most two units, as people read it. */
function since(then: number, now: number): string {
  if (Number.isNaN(then)) return "<unknown>";
  const seconds = Math.max(0, Math.floor((now - then) / 1000));
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return two(minutes, "m", seconds % 60, "s");
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 8) return two(hours, "h", minutes % 60, "m");
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(hours / 24);
  return days < 8 ? two(days, "d", hours % 24, "h") : `${days}d`;
}

const two = (large: number, unit: string, small: number, smallUnit: string): string =>
  small > 0 ? `${large}${unit}${small}${smallUnit}` : `${large}${unit}`;
