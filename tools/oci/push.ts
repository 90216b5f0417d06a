import { z } from "zod";
import { say } from "../progress.ts";
import type { DescribedImage } from "./attach-sbom.ts";
import { type Blob, type Descriptor, jsonBlob, mediaTypes } from "./blob.ts";
import { credentialsFor } from "./docker-config.ts";
import { Registry } from "./registry.ts";

export interface PushOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Hears what became of each image; stderr unless given. */
  readonly tell?: (line: string) => void;
}

/** Pushes images with their bills of materials under their own names, and what is there already not again. */
export async function pushImages(images: readonly DescribedImage[], options: PushOptions = {}): Promise<void> {
  const { env = process.env, tell = say } = options;
  /** Where each blob has been put, by digest. */
  const places = new Map<string, string>();
  for (const image of images) {
    const { host, repository, tag } = parseReference(image.spec.reference);
    const plain = env.PUSH_PLAIN_HTTP === "1" ? { plainHttp: true } : {};
    const registry = new Registry(host, await credentialsFor(host, env), plain);
    const counts = { present: 0, uploaded: 0, mounted: 0 };
    for (const blob of [...image.layers, image.config, image.sbom.document, image.sbom.config]) {
      counts[await putOnce(registry, repository, blob, places)]++;
    }
    await pushManifests(registry, repository, tag, image);
    const { present, uploaded, mounted } = counts;
    tell(`  pushed ${image.spec.reference}: ${uploaded} blobs uploaded, ${mounted} mounted, ${present} there already`);
  }
}

/** `registry/folder/name:tag`, with a registry: what has no dot, no port and is not localhost is no host. */
export function parseReference(reference: string) {
  const [, host = "", repository = "", tag = ""] = /^([^/]+)\/(.+):([^/:]+)$/.exec(reference) ?? [];
  if (!/[.:]|^localhost$/.test(host)) {
    throw new Error(`"${reference}" names no registry: PUSH=registry.example.com/folder make images`);
  }
  return { host, repository, tag };
}

async function putOnce(
  registry: Registry,
  repository: string,
  blob: Blob,
  places: Map<string, string>,
): Promise<"present" | "uploaded" | "mounted"> {
  const { digest } = blob.descriptor;
  const place = places.get(digest);
  places.set(digest, repository);
  if (await registry.has(repository, "blobs", digest)) return "present";
  return await registry.putBlob(repository, blob, place);
}

async function pushManifests(
  registry: Registry,
  repository: string,
  tag: string,
  image: DescribedImage,
): Promise<void> {
  const { manifest, sbom } = image;
  await registry.putManifest(repository, tag, manifest);
  const { listed } = await registry.putManifest(repository, sbom.manifest.descriptor.digest, sbom.manifest);
  // Registries of before distribution specification 1.1 list no referrers: the list is an index under a tag.
  if (!listed) await listBySchema(registry, repository, image);
}

const indexSchema = z.looseObject({ manifests: z.array(z.looseObject({ digest: z.string() })) });

async function listBySchema(registry: Registry, repository: string, { manifest, sbom }: DescribedImage): Promise<void> {
  const tag = manifest.descriptor.digest.replace(":", "-");
  const found = await registry.getIndex(repository, tag);
  const others = found === undefined ? [] : indexSchema.parse(found).manifests;
  const own: Descriptor = { ...sbom.manifest.descriptor, artifactType: mediaTypes.spdx };
  if (others.some(({ digest }) => digest === own.digest)) return;
  const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests: [...others, own] };
  await registry.putManifest(repository, tag, jsonBlob(index, mediaTypes.index));
}
