import type { CommentedValue } from "./commented-values.ts";

/** A part of a JSON Schema. */
export interface Schema {
  readonly [keyword: string]: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
}

/** What values that existed before this chart belong to: a values file may hold more below them than is known here. */
const reference = ["image", "webhooks", "kcp", "subroutines", "controllers", "security", "deployment", "hostAliases"];
const open = [...reference, "operator", "istio", "account-operator-crds", "crds", "common"];
const common = ["common", "defaults"];

/** The JSON Schema of a values.yaml: types follow from the defaults. */
export function valuesSchema(title: string, values: readonly CommentedValue[]): Schema {
  const defaults = values.filter(({ path }) => startsWith(path, common));
  const lookedUp = defaults.map((value) => ({ ...value, path: value.path.slice(common.length) }));
  const override = lookedUp.map(({ path, ...value }) => ({
    ...value,
    path: [...path.slice(0, -1), `${path.at(-1)}Override`],
  }));
  const given = [...lookedUp, ...override].filter(({ path }) => path[0] !== "hostAliases");
  let root: Schema = { type: "object" };
  for (const { path, ...value } of values) root = withProperty(root, path, leaf(value));
  for (const { path, ...value } of given) {
    root = withProperty(root, path, leaf(value, true));
    root = withProperty(root, ["global", ...path], leaf(value, true));
  }
  if (defaults.length > 0) root = withHostAliases(root);
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title,
    ...closeOwn(withOverrides(root)),
  };
}

const startsWith = (path: readonly string[], start: readonly string[]) =>
  start.every((key, index) => path[index] === key);

type Leaf = Omit<CommentedValue, "path">;

function leaf({ description, default: value, schema }: Leaf, isLookedUp = false): Schema {
  const known = { ...typeOf(value), description, ...schema };
  return isLookedUp ? orNothing(known) : { ...known, default: value };
}

/** By the rule of the library chart nothing means the next place, and there is no default here. */
function orNothing(schema: Schema): Schema {
  const { type, enum: values } = schema;
  const known = Array.isArray(values) ? { enum: [...values, null] } : {};
  return { ...schema, ...known, type: [type, "null"].flat() };
}

function typeOf(value: unknown): Schema {
  if (Array.isArray(value)) return { type: "array" };
  switch (typeof value) {
    case "boolean":
      return { type: "boolean" };
    case "number":
      return { type: "integer" };
    case "string":
      return /^(?:\d+(?:m|Mi)|)$/.test(value) ? { type: ["string", "number"] } : { type: "string" };
    default:
      return { type: "object" };
  }
}

function withProperty(schema: Schema, [first, ...rest]: readonly string[], value: Schema): Schema {
  if (first === undefined) return "properties" in schema ? { ...value, properties: schema.properties } : value;
  const inside = schema.properties?.[first] ?? { type: "object" };
  const known = rest.length === 0 && schema.properties?.[first] !== undefined;
  const property = known ? inside : withProperty(inside, rest, value);
  return { ...schema, properties: { ...schema.properties, [first]: property } };
}

/** A list, or as a whole what the library chart has. */
function withHostAliases(root: Schema): Schema {
  const item = { type: "object", description: "ip and hostnames, as a pod has them" };
  const properties = {
    enabled: { type: "boolean", description: "Add the entries to the hosts file of the pods" },
    entries: { type: "array", description: "Entries; the default's without", items: item },
  };
  const either = { type: ["object", "array"], description: "Hosts file of the pods", properties, items: item };
  const { global, ...rest } = root.properties ?? {};
  return {
    ...root,
    properties: {
      ...rest,
      hostAliases: either,
      hostAliasesOverride: either,
      global: { ...global, properties: { ...global?.properties, hostAliases: either } },
    },
  };
}

/** What a function may override is what there is a default of. */
function withOverrides(root: Schema): Schema {
  const { functions } = root.properties ?? {};
  const { defaults, overrides } = functions?.properties ?? {};
  if (!functions || !defaults?.properties || !overrides) return root;
  const properties = Object.fromEntries(
    Object.entries(defaults.properties).map(([key, { default: _of, ...each }]) => [key, each]),
  );
  const each = { type: "object", additionalProperties: false, properties };
  const extended = { ...overrides, additionalProperties: each };
  const inside = { ...functions.properties, overrides: extended };
  return { ...root, properties: { ...root.properties, functions: { ...functions, properties: inside } } };
}

/** A misspelt value of a section that is this chart's own is refused; others are as tolerant as the Go operator's chart. */
function closeOwn(root: Schema): Schema {
  const entries = Object.entries(root.properties ?? {}).map(([key, schema]) => [
    key,
    open.includes(key) || key === "global" ? schema : closed(schema),
  ]);
  return { ...root, properties: Object.fromEntries(entries) };
}

function closed(schema: Schema): Schema {
  if (!schema.properties || !("type" in schema) || schema.type !== "object") return schema;
  const inside = Object.entries(schema.properties).map(([key, value]) => [key, closed(value)]);
  return { ...schema, additionalProperties: false, properties: Object.fromEntries(inside) };
}
