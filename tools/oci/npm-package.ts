import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { z } from "zod";
import { root } from "../paths.ts";
import type { Component } from "./component.ts";

const lockSchema = z.looseObject({
  packages: z.record(
    z.string(),
    z.looseObject({ version: z.string(), license: z.string().optional(), integrity: z.string().optional() }),
  ),
});
/** A package that npm installed, with the words of its licence. */
export interface NpmPackage {
  readonly component: Component;
  readonly texts: readonly string[];
}

/** The packages that these module files belong to, in the order of their names. */
export async function packagesOf(modules: readonly string[]): Promise<readonly NpmPackage[]> {
  const home = join(root, "node_modules");
  const folders = new Set(
    modules.map((file) => folderOf(relative(home, file))).filter((folder) => folder !== undefined),
  );
  const packages = await Promise.all([...folders].map((folder) => packageIn(folder)));
  return packages.sort((a, b) => (a.component.id < b.component.id ? -1 : 1));
}

/** `@scope/name`, also that of a package within a package; nothing for a file of the product itself. */
const folderOf = (path: string): string | undefined =>
  /^(?:(?:@[^/]+\/)?[^/]+\/node_modules\/)*(?:@[^/]+\/)?[^/.][^/]*(?=\/)/.exec(path)?.[0];

async function packageIn(folder: string): Promise<NpmPackage> {
  const { version, license, integrity } = await lockedPackage(folder);
  const name = folder.split("node_modules/").at(-1) ?? folder;
  const component: Component = {
    id: `npm-${name.replace("@", "").replace("/", "-")}-${version}`,
    name,
    version,
    license,
    purl: `pkg:npm/${name.replace("@", "%40")}@${version}`,
    checksum: integrity,
  };
  return { component, texts: await licenseTexts(join(root, "node_modules", folder)) };
}

const readLock = async () => lockSchema.parse(JSON.parse(await readFile(join(root, "package-lock.json"), "utf8")));
let lock: ReturnType<typeof readLock> | undefined;

/** What the lock says of the package in this folder of node_modules. */
export async function lockedPackage(folder: string) {
  lock ??= readLock();
  const { packages } = await lock;
  const found = packages[`node_modules/${folder}`];
  const sha512 = /^sha512-(.+)$/.exec(found?.integrity ?? "")?.[1];
  if (!found?.license || !sha512) {
    throw new Error(`package-lock.json tells no version, licence or sha512 of ${folder}: npm install, then this again`);
  }
  const hex = Buffer.from(sha512, "base64").toString("hex");
  return { version: found.version, license: found.license, integrity: { algorithm: "SHA512", hex } as const };
}

async function licenseTexts(folder: string): Promise<readonly string[]> {
  const names = (await readdir(folder)).filter((name) => /^(licen[cs]e|copying|notice)/i.test(name)).sort();
  return await Promise.all(names.map(async (name) => (await readFile(join(folder, name), "utf8")).trim()));
}
