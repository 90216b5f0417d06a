import { load } from "js-yaml";
import { z } from "zod";

/** A value of a chart that its values.yaml explains. */
export interface CommentedValue {
  /** Keys from the root. */
  readonly path: readonly string[];
  readonly description: string;
  readonly default: unknown;
  /** What the file says about it in JSON Schema, besides its type. */
  readonly schema: Readonly<Record<string, unknown>>;
}

const objectSchema = z.record(z.string(), z.unknown());

/** The values of a values.yaml in its order: those with a comment `# -- description` above them, which is one paragraph of
 *  one line, and `# @schema {JSON}` for more. Throws for a value that nobody explains. */
export function commentedValues(text: string): readonly CommentedValue[] {
  const defaults = objectSchema.parse(load(text));
  const found: CommentedValue[] = [];
  let path: readonly { key: string; indent: number }[] = [];
  let pending: { description?: string; schema: Record<string, unknown> } = { schema: {} };
  for (const line of text.split("\n")) {
    const comment = /^\s*# (?:(--) (.+)|@schema (\{.*\}))$/.exec(line);
    if (comment?.[1]) pending.description = comment[2] ?? "";
    else if (comment?.[3]) pending.schema = objectSchema.parse(JSON.parse(comment[3]));
    const entry = /^(\s*)([A-Za-z][\w-]*):(?:\s|$)/.exec(line);
    if (!entry?.[2]) continue;
    const indent = entry[1]?.length ?? 0;
    path = [...path.filter((outer) => outer.indent < indent), { key: entry[2], indent }];
    const keys = path.map(({ key }) => key);
    const explained = found.some((other) => other.path.every((key, index) => keys[index] === key));
    const value = valueAt(defaults, keys);
    if (pending.description !== undefined) {
      found.push({ path: keys, description: pending.description, default: value, schema: pending.schema });
    } else if (!explained && !isSection(value)) {
      throw new Error(`values.yaml: ${keys.join(".")} has no comment "# -- description"`);
    }
    pending = { schema: {} };
  }
  return found;
}

const isSection = (value: unknown): boolean =>
  typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length > 0;

function valueAt(values: unknown, [first, ...rest]: readonly string[]): unknown {
  if (first === undefined) return values;
  const object = objectSchema.safeParse(values);
  return object.success ? valueAt(object.data[first], rest) : undefined;
}
