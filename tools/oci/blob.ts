import { createHash } from "node:crypto";

export const mediaTypes = {
  index: "application/vnd.oci.image.index.v1+json",
  manifest: "application/vnd.oci.image.manifest.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar+gzip",
  /** Stands for "nothing" where a manifest needs a config. */
  empty: "application/vnd.oci.empty.v1+json",
  spdx: "application/spdx+json",
} as const;

/** Points to a blob, as the image specification writes it. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly platform?: { readonly architecture: string; readonly os: string };
}

/** Bytes that are called by their digest. */
export interface Blob {
  readonly bytes: Buffer;
  readonly descriptor: Descriptor;
}

export function blobOf(bytes: Buffer, mediaType: string): Blob {
  return { bytes, descriptor: { mediaType, digest: digestOf(bytes), size: bytes.length } };
}

/** The same bytes for equal content: keys keep the order in which they are given. */
export const jsonBlob = (content: object, mediaType: string): Blob =>
  blobOf(Buffer.from(JSON.stringify(content)), mediaType);

export const digestOf = (bytes: Buffer): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
