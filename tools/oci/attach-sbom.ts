import { type Blob, blobOf, jsonBlob, mediaTypes } from "./blob.ts";
import type { BuildInfo, Image } from "./image.ts";
import { spdxOf } from "./sbom.ts";

/** An image with its bill of materials, which refers to it. */
export interface DescribedImage extends Image {
  readonly sbom: {
    readonly manifest: Blob;
    readonly config: Blob;
    readonly document: Blob;
  };
}

export function withSbom(image: Image, info: BuildInfo): DescribedImage {
  const document = jsonBlob(spdxOf(image, info), mediaTypes.spdx);
  const config = blobOf(Buffer.from("{}"), mediaTypes.empty);
  const manifest = jsonBlob(
    {
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      artifactType: mediaTypes.spdx,
      config: config.descriptor,
      layers: [
        {
          ...document.descriptor,
          annotations: { "org.opencontainers.image.title": `${image.spec.name}.spdx.json` },
        },
      ],
      subject: image.manifest.descriptor,
      annotations: { "org.opencontainers.image.created": info.revision.created },
    },
    mediaTypes.manifest,
  );
  return { ...image, sbom: { manifest, config, document } };
}
