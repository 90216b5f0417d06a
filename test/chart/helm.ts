import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { loadAll } from "js-yaml";
import { z } from "zod";
import { obtain } from "../../tools/obtain.ts";

const run = promisify(execFile);
const chartsFolder = new URL("../../deploy/charts/", import.meta.url);
const valuesFolder = new URL("values/", import.meta.url);

/** An object of a chart, as far as every kind has the same. */
export type ChartObject = z.infer<typeof objectSchema>;
const objectSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({
    name: z.string(),
    labels: z.record(z.string(), z.string()).default({}),
    annotations: z.record(z.string(), z.string()).default({}),
  }),
});

export interface TemplateOptions {
  /** account-functions unless given. */
  readonly chart?: string;
  /** Of the release; the Go operator's name for the chart that takes its place. */
  readonly release?: string;
  readonly flags?: readonly string[];
}

/** Sets of values in test/chart/values by name, with the name of the release that each is tried with. */
export const valueSets: Readonly<Record<string, string>> = Object.fromEntries(
  (await readdir(valuesFolder)).sort().map((file) => {
    const name = file.replace(/\.yaml$/, "");
    return [name, ["default", "tracing", "memory"].includes(name) ? "account-operator" : "account-functions"];
  }),
);

export const valuesFile = (name: string): string => fileURLToPath(new URL(`${name}.yaml`, valuesFolder));
export const chartFolder = (name = "account-functions"): string => fileURLToPath(new URL(name, chartsFolder));

export async function helm(...args: readonly string[]): Promise<string> {
  const { stdout } = await run(await obtain("helm"), [...args], { maxBuffer: 64 * 1024 * 1024 });
  return stdout;
}

const templates = new Map<string, Promise<string>>();

/** What `helm install` would apply to namespace `mesh`, as text; made once for the same options. */
export function template({ chart, release = "account-functions", flags = [] }: TemplateOptions = {}): Promise<string> {
  const args = ["template", release, chartFolder(chart), "--namespace=mesh", ...flags];
  const key = args.join(" ");
  const known = templates.get(key) ?? helm(...args);
  templates.set(key, known);
  return known;
}

export const objectsIn = (text: string): readonly ChartObject[] =>
  loadAll(text).flatMap((document) => (document ? [objectSchema.parse(document)] : []));

/** The objects of a set of values. */
export async function objectsOf(set: string): Promise<readonly ChartObject[]> {
  return objectsIn(await template(ofSet(set)));
}

export const ofSet = (set: string, ...flags: readonly string[]): TemplateOptions => ({
  ...(valueSets[set] && { release: valueSets[set] }),
  flags: [`--values=${valuesFile(set)}`, ...flags],
});
