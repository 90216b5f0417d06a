import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { root, stateFolder } from "../../tools/paths.ts";
import { runCommand } from "../../tools/run-command.ts";

const descriptorSchema = z.looseObject({ mediaType: z.string(), digest: z.string(), size: z.int() });
const indexSchema = z.looseObject({
  manifests: z.array(
    descriptorSchema.extend({
      artifactType: z.string().optional(),
      annotations: z.record(z.string(), z.string()).default({}),
    }),
  ),
});
const manifestSchema = z.looseObject({
  config: descriptorSchema,
  layers: z.array(descriptorSchema),
  subject: descriptorSchema.optional(),
});
export type StoredDescriptor = z.infer<typeof descriptorSchema>;

/** An image as a tool finds it in the layout on disk. */
export interface StoredImage {
  readonly reference: string;
  readonly digest: string;
  readonly manifest: z.infer<typeof manifestSchema>;
  readonly config: Buffer;
  /** Compressed, from the lowest up. */
  readonly layers: readonly Buffer[];
}
/** What `make images` left. */
export interface Built {
  readonly folder: string;
  readonly index: z.infer<typeof indexSchema>;
  readonly images: readonly StoredImage[];
  blob(descriptor: StoredDescriptor): Promise<Buffer>;
}

/** Builds the images as `make images` does, once for all suites of this checkout. */
export async function builtImages(): Promise<Built> {
  const folder = join(stateFolder, "test-images");
  await makeImages(folder);
  return await readBuilt(folder);
}

export interface MakeOptions {
  /** Of another checkout than this one. */
  readonly checkout?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** What it printed. */
export function makeImages(folder: string, { checkout = root, env }: MakeOptions = {}): Promise<string> {
  const script = join(checkout, "tools", "oci", "images.ts");
  return runCommand(process.execPath, [script], { cwd: checkout, env: { ...process.env, ...env, OUT: folder } });
}

export async function readBuilt(folder: string): Promise<Built> {
  const layout = join(folder, "oci");
  // Images share most of their layers: each blob is read once.
  const read = new Map<string, Promise<Buffer>>();
  const blob = ({ digest }: StoredDescriptor) => {
    const bytes = read.get(digest) ?? readFile(join(layout, "blobs", ...digest.split(":")));
    read.set(digest, bytes);
    return bytes;
  };
  const json = async (descriptor: StoredDescriptor): Promise<unknown> =>
    JSON.parse((await blob(descriptor)).toString());
  const index = indexSchema.parse(JSON.parse(await readFile(join(layout, "index.json"), "utf8")));
  const named = index.manifests.filter(({ annotations }) => annotations["io.containerd.image.name"]);
  const images = named.map(async (descriptor): Promise<StoredImage> => {
    const manifest = manifestSchema.parse(await json(descriptor));
    const layers = await Promise.all(manifest.layers.map(blob));
    const reference = descriptor.annotations["io.containerd.image.name"] ?? "";
    return { reference, digest: descriptor.digest, manifest, config: await blob(manifest.config), layers };
  });
  return { folder, index, images: await Promise.all(images), blob };
}

/** By the last word of its name. */
export function imageNamed({ images }: Built, name: string): StoredImage {
  const found = images.find(({ reference }) => reference.includes(`/${name}:`));
  if (!found) throw new Error(`no image ${name} among ${images.map(({ reference }) => reference).join(", ")}`);
  return found;
}
