import { mkdir, readFile, writeFile } from "node:fs/promises";
import { load } from "js-yaml";
import { z } from "zod";
import { commentedValues } from "./commented-values.ts";
import { kcpTemplates } from "./kcp-objects.ts";
import { chartReadme } from "./readme.ts";
import { valuesSchema } from "./values-schema.ts";

const chartsFolder = new URL("../../deploy/charts/", import.meta.url);
const chartSchema = z.looseObject({ name: z.string(), description: z.string() });

/** Everything of the charts that follows from something else: content by path below deploy/charts. */
export async function generatedFiles(): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  for (const name of ["account-functions", "account-functions-crds"]) {
    const read = (file: string) => readFile(new URL(`${name}/${file}`, chartsFolder), "utf8");
    const chart = chartSchema.parse(load(await read("Chart.yaml")));
    const values = commentedValues(await read("values.yaml"));
    const schema = valuesSchema(`Values of chart ${name}`, values);
    files.set(`${name}/values.schema.json`, `${JSON.stringify(schema, null, 2)}\n`);
    files.set(`${name}/README.md`, chartReadme({ ...chart, introduction: await read("README.in.md") }, values));
  }
  for (const [file, content] of Object.entries(await kcpTemplates())) {
    files.set(`account-functions-crds/templates/${file}`, content);
  }
  return files;
}

if (import.meta.main) {
  for (const [path, content] of await generatedFiles()) {
    const file = new URL(path, chartsFolder);
    await mkdir(new URL(".", file), { recursive: true });
    await writeFile(file, content);
  }
}
