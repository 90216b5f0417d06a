import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Ajv } from "ajv";
import addFormats from "ajv-formats";
import { load } from "js-yaml";
import { expect, test } from "vitest";
import { functions, webhooks } from "../functions/index.ts";
import { expectedFiles } from "./generate.ts";
import { root } from "./paths.ts";

interface FuncYaml {
  readonly name: string;
  readonly invoke: string;
  readonly deploy: { readonly subscriptions?: readonly { readonly source: string; readonly filters: object }[] };
}
const read = (...path: readonly string[]) => readFile(join(root, ...path), "utf8");
const funcYaml = async (folder: string) => load(await read(folder, "func.yaml")) as FuncYaml;
const folders = [".", ...[...functions.map(({ name }) => name), ...webhooks].map((name) => `functions/${name}`)];

test.each([...expectedFiles().keys()])(
  "%s follows from functions/index.ts; tools/generate.ts writes it",
  async (path) => {
    expect(await read(path)).toBe(expectedFiles().get(path));
  },
);

test.each(folders)("%s/func.yaml is valid against the published schema", async (folder) => {
  // The schema's own version says nothing that it uses, and the validator knows only newer ones.
  const schema = JSON.parse(await read("..", "shared", "data", "func_yaml-schema.json"), (key, value) =>
    key === "$schema" ? undefined : value,
  );
  const ajv = new Ajv({ strict: false });
  addFormats.default(ajv);
  const validate = ajv.compile(schema);
  // As a timestamp the date would not be the text that the schema asks for.
  const yaml = load(await read(folder, "func.yaml")) as { readonly created: unknown };
  validate({ ...yaml, created: yaml.created instanceof Date ? yaml.created.toISOString() : yaml.created });
  expect(validate.errors).toBeNull();
});

test.each(functions)("$name is deployed with the subscriptions that it takes", async ({ name, on }) => {
  const { deploy, invoke } = await funcYaml(`functions/${name}`);
  expect(invoke).toBe("cloudevent");
  expect(deploy.subscriptions).toEqual(on.map((filters) => ({ source: "default", filters })));
});

test("all functions in one take what each of them takes, once", async () => {
  const { deploy } = await funcYaml(".");
  const taken = deploy.subscriptions?.map(({ filters }) => filters) ?? [];
  for (const filter of functions.flatMap(({ on }) => on)) expect(taken).toContainEqual(filter);
  expect(new Set(taken.map((filter) => JSON.stringify(filter))).size).toBe(taken.length);
});

test.each(webhooks)("decisions 40: %s is asked over HTTP, and no broker brings it events", async (name) => {
  const { deploy, invoke } = await funcYaml(`functions/${name}`);
  expect(invoke).toBe("http");
  expect(deploy.subscriptions).toBeUndefined();
});
