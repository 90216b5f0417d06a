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
  { now, include, withHeader }: { readonly now: number; readonly include: string; readonly withHeader: boolean },
): JsonObject {
  const columns = columnsOf(target.version.columns);
  return {
    kind: "Table",
    apiVersion: "meta.k8s.io/v1",
    metadata,
    columnDefinitions: withHeader ? columns.map(definition) : null,
    rows: objects.map((object) => ({
      cells: columns.map((column) => cell(object, column, now)),
      object: include === "None" ? null : include === "Object" ? object : metadataOf(object),
    })),
  };
}

/** What programs need that care for no content. */
export const metadataOf = ({ metadata }: Obj): JsonObject => ({
  kind: "PartialObjectMetadata",
  apiVersion: "meta.k8s.io/v1",
  metadata,
});

const nameColumn: Column = {
  name: "Name",
  type: "string",
  format: "name",
  description: "Name of the object, unique among those of its kind in a workspace or namespace.",
  jsonPath: ".metadata.name",
};

/** The name comes first unless the type says where it comes. */
const columnsOf = (columns: readonly Column[]): readonly Column[] =>
  columns.some(({ name }) => name === "Name") ? columns : [nameColumn, ...columns];

const definition = ({
  name,
  type,
  format = "",
  description = "",
  priority = 0,
  jsonPath: path = "",
}: Column): JsonObject => ({
  name,
  type: type === "count" || type === "since" ? "string" : type,
  format,
  description: description || `What ${path || "the object"} says.`,
  priority,
});

function cell(object: Obj, { jsonPath: path = "", type, text }: Column, now: number): Json {
  if (text) return text(object);
  const found = jsonPath(object, path);
  const [first] = found;
  if (type === "count") return isObject(first) ? Object.keys(first).length : isArray(first) ? first.length : 0;
  const isTime = type === "date" || type === "since";
  if (first === undefined || first === null) return isTime ? "<unknown>" : null;
  if (isTime) return since(Date.parse(asString(first)), now);
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
