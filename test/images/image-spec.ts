import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Ajv } from "ajv";
import { root } from "../../tools/paths.ts";
import { runCommand } from "../../tools/run-command.ts";

const module = "github.com/opencontainers/image-spec";
/** Its go.sum vouches for the specification too. */
const cwd = join(root, "tools", "registry");

type Document = "image-layout" | "image-index" | "image-manifest" | "config";

/** Checks documents against the schemas that the image specification publishes; answers what is wrong. */
export async function specification(): Promise<(kind: Document, content: unknown) => readonly string[]> {
  await runCommand("go", ["mod", "download", module], { cwd });
  const folder = join((await runCommand("go", ["list", "-m", "-f", "{{.Dir}}", module], { cwd })).trim(), "schema");
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  const names = (await readdir(folder)).filter((name) => name.endsWith(".json"));
  for (const name of names) {
    const schema: unknown = JSON.parse(await readFile(join(folder, name), "utf8"), withoutIds);
    ajv.addSchema(Object.assign({}, schema, { $id: idOf(name) }));
  }
  return (kind, content) => {
    const validate = ajv.getSchema(idOf(`${kind}-schema.json`));
    if (!validate) throw new Error(`the image specification has no schema ${kind} in ${folder}`);
    const isValid = validate(content);
    return (isValid === true ? [] : (validate.errors ?? [])).map(
      ({ instancePath, message }) => `${kind}${instancePath} ${message}`,
    );
  };
}

const idOf = (name: string) => `https://image-spec.test/${name}`;

/** They are of draft 4, and refer to each other by file name: ids of their own are in the way. */
function withoutIds(key: string, value: unknown): unknown {
  return (key === "id" || key === "$schema") && typeof value === "string" ? undefined : value;
}
