import { execFile } from "node:child_process";
import { copyFile, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { builtinModules } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { functions, webhooks } from "../../functions/index.ts";
import { bundleFunctions } from "../../tools/bundle.ts";
import { root } from "../../tools/paths.ts";

const run = promisify(execFile);
const folderOf = (name: string) => join(root, "functions", name);
const all = [...functions.map(({ name }) => name), ...webhooks];

let elsewhere: string;
beforeAll(async () => {
  await bundleFunctions();
  elsewhere = await mkdtemp(join(tmpdir(), "bundles-"));
});
afterAll(() => rm(elsewhere, { recursive: true }));

test.each(all)("%s is one file of less than 2.5 MB", async (name) => {
  const { size } = await stat(join(folderOf(name), "dist", "index.js"));
  expect(size).toBeLessThan(2.5e6);
});

test.each(all)("%s takes nothing from node_modules, but for tracing", async (name) => {
  const code = await readFile(join(folderOf(name), "dist", "index.js"), "utf8");
  const imported = [...code.matchAll(/\bfrom\s*["']([^"'\s]+)["']|\bimport\(\s*["']([^"'\s]+)["']\s*\)/g)]
    .map(([, fixed, lazy]) => fixed ?? lazy ?? "")
    .filter((each) => /^(?:@?[a-z][\w/.-]*)$/.test(each));
  const foreign = imported.filter((each) => !builtinModules.includes(each) && !each.startsWith("@opentelemetry/"));
  expect(foreign).toEqual([]);
});

test.each(all)("%s runs where nothing is but its folder", async (name) => {
  const folder = await mkdtemp(join(elsewhere, `${name}-`));
  const packageJson = join(folder, "package.json");
  await copyFile(join(folderOf(name), "package.json"), packageJson);
  await copyFile(join(folderOf(name), "dist", "index.js"), join(folder, "index.js"));
  const { stdout } = await run(process.execPath, [join(folder, "index.js"), "--help"], { cwd: folder, env: {} });
  expect(stdout).toContain(`the function ${name}`);
  const { dependencies, type } = JSON.parse(await readFile(packageJson, "utf8"));
  expect({ dependencies, type }).toEqual({ dependencies: undefined, type: "module" });
});

test("flags come from PM_FLAGS where nobody can type them", async () => {
  const bundle = join(folderOf("workspace-ready"), "dist", "index.js");
  const env = { PM_FLAGS: " --base-domain=example.com --log-levle=debug " };
  const failed = await run(process.execPath, [bundle], { env }).catch((error: unknown) => error);
  expect(failed).toMatchObject({ code: 2, stderr: expect.stringContaining("did you mean --log-level?") });
});

test("a kubeconfig by which only people sign in is told to be none for a function", async () => {
  const kubeconfig = join(elsewhere, "oidc.kubeconfig");
  const named = (what: object) => ({ name: "x", ...what });
  const config = {
    "current-context": "x",
    contexts: [named({ context: { cluster: "x", user: "x" } })],
    clusters: [named({ cluster: { server: "https://127.0.0.1:9/clusters/root" } })],
    users: [named({ user: { "auth-provider": { name: "oidc", config: { "idp-issuer-url": "https://idp" } } } })],
  };
  await writeFile(kubeconfig, JSON.stringify(config));
  const bundle = join(folderOf("workspace-ready"), "dist", "index.js");
  const failed = await run(process.execPath, [bundle, "--port=0", "--metrics-bind-address=0"], {
    env: { KUBECONFIG: kubeconfig },
  }).catch((error: unknown) => error);
  expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining("give it a kubeconfig with a token") });
});
