import { isDeepStrictEqual } from "node:util";
import { z } from "zod";

const version = z.looseObject({ name: z.string(), served: z.boolean().optional(), schema: z.unknown() });
const schemaSpec = z.looseObject({ scope: z.string(), versions: z.array(version) });

/** What of an APIResourceSchema's new `spec` would break objects or clients of the old one. kcp rolls a schema out to every
 *  binding within seconds and checks nothing (kcp-facts V24). */
export function breakingChanges(before: unknown, after: unknown): readonly string[] {
  const [old, next] = [schemaSpec.parse(before), schemaSpec.parse(after)];
  const scope = old.scope === next.scope ? [] : [`scope: ${old.scope} becomes ${next.scope}`];
  return [
    ...scope,
    ...old.versions.flatMap(({ name, schema }) => {
      const same = next.versions.find((candidate) => candidate.name === name && candidate.served !== false);
      return same ? narrowed(node.parse(schema), node.parse(same.schema), name) : [`version ${name}: removed`];
    }),
  ];
}

interface Node {
  readonly type?: string | undefined;
  readonly properties?: Readonly<Record<string, Node>> | undefined;
  readonly items?: Node | undefined;
  readonly additionalProperties?: Node | boolean | undefined;
  readonly required?: readonly string[] | undefined;
  readonly enum?: readonly unknown[] | undefined;
  readonly [keyword: string]: unknown;
}
const node: z.ZodType<Node> = z.lazy(() =>
  z.looseObject({
    type: z.string().optional(),
    properties: z.record(z.string(), node).optional(),
    items: node.optional(),
    additionalProperties: z.union([z.boolean(), node]).optional(),
    required: z.array(z.string()).optional(),
    enum: z.array(z.unknown()).optional(),
  }),
);

function narrowed(before: Node, after: Node, path: string): readonly string[] {
  if (before.type !== after.type) return [`${path}: ${before.type ?? "any type"} becomes ${after.type ?? "any type"}`];
  return [
    ...stricter(before, after).map((what) => `${path}: ${what}`),
    ...Object.entries(before.properties ?? {}).flatMap(([name, property]) => {
      const same = after.properties?.[name];
      if (same) return narrowed(property, same, `${path}.${name}`);
      return keepsUnknown(after) ? [] : [`${path}.${name}: removed`];
    }),
    ...bothNodes(before.items, after.items, `${path}[]`),
    ...bothNodes(before.additionalProperties, after.additionalProperties, `${path}.*`),
  ];
}

function bothNodes(before: unknown, after: unknown, path: string): readonly string[] {
  if (before === undefined) return [];
  if (typeof before === "object" && typeof after === "object")
    return narrowed(node.parse(before), node.parse(after), path);
  return before === after || after === true ? [] : [`${path}: no longer allowed`];
}

const upperLimits = ["maxLength", "maxItems", "maxProperties", "maximum"] as const;
const lowerLimits = ["minLength", "minItems", "minProperties", "minimum"] as const;

function stricter(before: Node, after: Node): readonly string[] {
  const required = (after.required ?? []).filter((name) => !before.required?.includes(name));
  const lost = after.enum && (before.enum ?? ["any value"]).filter((value) => !after.enum?.includes(value));
  const numbers = (keyword: string) =>
    [before[keyword], after[keyword]].map((n) => (typeof n === "number" ? n : undefined));
  const tighter = (keyword: string, isTighter: (from: number, to: number) => boolean, none: number) => {
    const [from = none, to = none] = numbers(keyword);
    return isTighter(from, to) ? [`${keyword} becomes ${to}`] : [];
  };
  const other = ["pattern", "format", "x-kubernetes-validations"].filter(
    // kcp keeps no order of fields.
    (keyword) => after[keyword] !== undefined && !isDeepStrictEqual(before[keyword], after[keyword]),
  );
  return [
    ...required.map((name) => `${name} becomes required`),
    ...(lost?.length ? [`no longer allows ${lost.join(", ")}`] : []),
    ...upperLimits.flatMap((keyword) => tighter(keyword, (from, to) => to < from, Number.POSITIVE_INFINITY)),
    ...lowerLimits.flatMap((keyword) => tighter(keyword, (from, to) => to > from, Number.NEGATIVE_INFINITY)),
    ...other.map((keyword) => `${keyword} changes`),
    ...(keepsUnknown(before) && !keepsUnknown(after) ? ["unknown fields are no longer kept"] : []),
  ];
}

const keepsUnknown = (schema: Node): boolean => schema["x-kubernetes-preserve-unknown-fields"] === true;
