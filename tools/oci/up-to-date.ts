import { createHash } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { root } from "../paths.ts";

/** Everything of the checkout that goes into an image or says how. */
const sources = [
  "cli",
  "deploy/kcp",
  "embedded",
  "eventing",
  "functions",
  "shared",
  "tools/oci",
  "LICENSE",
  "package.json",
  "package-lock.json",
  "rolldown.config.ts",
  "rolldown.functions.config.ts",
];
const recordName = "made-from";

/** What a build is made from, in one word: the sources' content and what else `settings` name. */
export async function inputsOf(settings: readonly string[]): Promise<string> {
  const hash = createHash("sha256").update(JSON.stringify(settings));
  for (const source of sources) {
    for (const file of await filesBelow(source)) hash.update(`\n${file}\n`).update(await readFile(join(root, file)));
  }
  return hash.digest("hex");
}

async function filesBelow(path: string): Promise<readonly string[]> {
  const entries = await readdir(join(root, path), { recursive: true, withFileTypes: true }).catch(() => undefined);
  if (!entries) return [path];
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .filter((file) => !/(\.test\.ts$|\/dist\/)/.test(file))
    .sort();
}

/** Whether these files of the folder are still the ones that were made from these inputs. */
export async function isUpToDate(folder: string, inputs: string, files: readonly string[]): Promise<boolean> {
  const record = await readFile(join(folder, recordName), "utf8").catch(() => undefined);
  return record !== undefined && record === (await recordOf(folder, inputs, files).catch(() => undefined));
}

export async function recordInputs(folder: string, inputs: string, files: readonly string[]): Promise<void> {
  await writeFile(join(folder, recordName), await recordOf(folder, inputs, files));
}

async function recordOf(folder: string, inputs: string, files: readonly string[]): Promise<string> {
  const sums = files.map(async (file) => {
    const sum = createHash("sha256").update(await readFile(join(folder, file)));
    return `${sum.digest("hex")}  ${file}\n`;
  });
  return [`${inputs}\n`, ...(await Promise.all(sums))].join("");
}
