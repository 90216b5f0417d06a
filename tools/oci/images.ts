import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { claimWhenFree } from "../claim.ts";
import { stateFolder } from "../paths.ts";
import { elapsed, say, withProgress } from "../progress.ts";
import type { DescribedImage } from "./attach-sbom.ts";
import { type BuildOptions, buildImages, localPrefix } from "./build.ts";
import { dockerManifest, type LayoutFiles, layoutFiles, writeFolder } from "./layout.ts";
import { revision } from "./product.ts";
import { pushImages } from "./push.ts";
import { tarOf } from "./tar.ts";
import { inputsOf, isUpToDate, recordInputs } from "./up-to-date.ts";

/** Where `make images` puts everything, unless OUT says otherwise. */
export const imagesFolder = join(stateFolder, "images");
/** Whose loss or change makes them be built again. */
const checked = ["digests.txt", "images.tar", join("oci", "index.json")];

/** Builds the images and leaves them in a folder: as a layout, as tars, with their bills of materials and digests. */
export async function writeImages(folder: string, images: readonly DescribedImage[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFolder(join(folder, "oci"), layoutFiles(images));
  await writeTar(join(folder, "images.tar"), images);
  await writeFolder(
    join(folder, "sbom"),
    new Map(images.map(({ spec, sbom }) => [`${spec.name}.spdx.json`, sbom.document.bytes])),
  );
  await writeWhole(join(folder, "digests.txt"), Buffer.from(digests(images)));
}

/** One tar that containerd, docker, podman and registry tools import. */
export async function writeTar(file: string, images: readonly DescribedImage[]): Promise<void> {
  const files: LayoutFiles = new Map([...layoutFiles(images), ["manifest.json", dockerManifest(images)]]);
  const tree = new Map([...files].map(([path, content]) => [path, { content, from: "layout" }]));
  await writeWhole(file, await tarOf(tree));
}

const digests = (images: readonly DescribedImage[]) =>
  images.map(({ spec, manifest }) => `${manifest.descriptor.digest}  ${spec.reference}\n`).join("");

async function writeWhole(file: string, bytes: Buffer): Promise<void> {
  await writeFile(`${file}.new`, bytes);
  await rename(`${file}.new`, file);
}

async function main(env: NodeJS.ProcessEnv): Promise<void> {
  const start = performance.now();
  const folder = resolve(env.OUT || imagesFolder);
  const lock = await claimWhenFree(`${folder}.making`, () => say("  waiting: images are being built there"));
  try {
    await makeIn(folder, env);
  } finally {
    await lock.release();
  }
  say(`  ${join(folder, "images.tar")} (all of them), oci/, sbom/ and digests.txt beside it: ${elapsed(start)}`);
}

async function makeIn(folder: string, env: NodeJS.ProcessEnv): Promise<void> {
  const prefix = env.PUSH || env.IMAGES_PREFIX || localPrefix;
  const settings = [prefix, env.VERSION, env.TARS, env.SOURCE, JSON.stringify(await revision(env))];
  const inputs = await inputsOf(settings.map((each) => each ?? ""));
  if (!env.PUSH && (await isUpToDate(folder, inputs, checked))) say("  nothing has changed since they were built");
  else await buildInto(folder, { prefix, env, ...(env.VERSION && { version: env.VERSION }) });
  await recordInputs(folder, inputs, checked);
  process.stdout.write(await readFile(join(folder, "digests.txt"), "utf8"));
}

async function buildInto(folder: string, options: BuildOptions): Promise<void> {
  const images = await withProgress("building images", () => buildImages(options));
  await writeImages(folder, images);
  if (options.env?.TARS === "each") {
    for (const image of images) await writeTar(join(folder, `${image.spec.name}.tar`), [image]);
  }
  for (const [title, size] of sizes(images)) say(`  ${(size / 1e6).toFixed(2).padStart(8)} MB  ${title}`);
  if (options.env?.PUSH) await pushImages(images, { env: options.env });
}

/** Of each layer once, compressed. */
const sizes = (images: readonly DescribedImage[]) =>
  new Map(images.flatMap(({ spec }) => spec.parts.map(({ layer }) => [layer.title, layer.blob.descriptor.size])));

if (import.meta.main) {
  try {
    await main(process.env);
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}
