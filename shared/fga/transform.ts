import type { Model } from "./fga.ts";

/** A part of a model in OpenFGA's language, schema 1.2. */
export interface Module {
  /** What it is called in reports, e.g. the object that it came from. */
  readonly name: string;
  readonly contents: string;
}
export type Transformed = { readonly model: Model } | { readonly problem: string };

/** Modules as one model, or why they are none. Its parser is loaded with the first use: a third of a second. */
export async function transform(modules: readonly Module[]): Promise<Transformed> {
  const { transformer } = await import("@openfga/syntax-transformer");
  // Its errors tell files apart by name, and it takes two of one name for one.
  const files = modules.map(({ contents }, index) => ({ name: `${index}.fga`, contents }));
  try {
    const { schema_version, type_definitions, conditions = {} } = transformer.transformModuleFilesToModel(files, "1.2");
    const hasConditions = Object.keys(conditions).length > 0;
    return { model: plain({ schema_version, type_definitions, ...(hasConditions && { conditions }) }) };
  } catch (error) {
    return { problem: told(error) };
  }
}

/** Without the files that its parts come from, which are of use to nobody and count against OpenFGA's limit. */
const plain = (model: Model): Model =>
  JSON.parse(JSON.stringify(model, (key, value: unknown) => (key === "source_info" ? undefined : value)));

/** First lines of what its parser says, without its heading. */
function told(error: unknown): string {
  const { message } = error instanceof Error ? error : { message: String(error) };
  const lines = message
    .split("\n")
    .map((line) => line.replace(/^\s*\*\s*/, "").trim())
    .filter((line) => line && !/^\d+ errors? occurred:?$/.test(line));
  return lines.slice(0, 3).join("; ") || "it cannot be read";
}
