import { randomUUID } from "node:crypto";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { DescribedImage } from "./attach-sbom.ts";
import { type Blob, type Descriptor, mediaTypes } from "./blob.ts";
import { platform } from "./image.ts";

/** A file of an image layout, by its path. */
export type LayoutFiles = ReadonlyMap<string, Buffer>;

/** Images, each under its name, with all their blobs once. */
export function layoutFiles(images: readonly DescribedImage[]): LayoutFiles {
  const index = {
    schemaVersion: 2,
    mediaType: mediaTypes.index,
    manifests: [...images.map(namedManifest), ...images.map(sbomManifest)],
  };
  const files = new Map<string, Buffer>([
    ["oci-layout", json({ imageLayoutVersion: "1.0.0" })],
    ["index.json", json(index)],
  ]);
  for (const { bytes, descriptor } of images.flatMap(blobsOf)) files.set(blobPath(descriptor), bytes);
  return files;
}

/** What `docker load` of before 2024 reads in the place of index.json. */
export const dockerManifest = (images: readonly DescribedImage[]): Buffer =>
  json(
    images.map(({ spec, config, layers }) => ({
      Config: blobPath(config.descriptor),
      RepoTags: [spec.reference],
      Layers: layers.map(({ descriptor }) => blobPath(descriptor)),
    })),
  );

const namedManifest = ({ spec, manifest }: DescribedImage): Descriptor => ({
  ...manifest.descriptor,
  // containerd takes its name from the first, all other tools from the second.
  annotations: { "io.containerd.image.name": spec.reference, "org.opencontainers.image.ref.name": spec.reference },
  platform,
});

const sbomManifest = ({ sbom }: DescribedImage): Descriptor => ({
  ...sbom.manifest.descriptor,
  artifactType: mediaTypes.spdx,
});

const blobsOf = ({ manifest, config, layers, sbom }: DescribedImage): readonly Blob[] => [
  manifest,
  config,
  ...layers,
  sbom.manifest,
  sbom.config,
  sbom.document,
];

const json = (content: object) => Buffer.from(JSON.stringify(content));
const blobPath = ({ digest }: Descriptor) => `blobs/${digest.replace(":", "/")}`;

/** Puts the files into a folder, whole or not at all; what was there before goes. */
export async function writeFolder(folder: string, files: LayoutFiles): Promise<void> {
  const fresh = `${folder}.${randomUUID()}`;
  try {
    for (const [path, bytes] of files) {
      await mkdir(dirname(join(fresh, path)), { recursive: true });
      await writeFile(join(fresh, path), bytes);
    }
    await rm(folder, { recursive: true, force: true });
    await rename(fresh, folder);
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}
