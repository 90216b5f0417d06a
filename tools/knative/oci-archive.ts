import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { cp, mkdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { runCommand } from "../run-command.ts";

/** An image that holds a few files and nothing else. */
export interface SmallImage {
  /** With tag, e.g. `dev.local/cluster/pause:1`; Knative looks up none of `dev.local` in a registry. */
  readonly name: string;
  /** Path in the image → file here. */
  readonly files: Readonly<Record<string, string>>;
  readonly entrypoint: readonly string[];
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

const mediaTypes = {
  layer: "application/vnd.oci.image.layer.v1.tar",
  config: "application/vnd.oci.image.config.v1+json",
  manifest: "application/vnd.oci.image.manifest.v1+json",
} as const;
const architectures: Partial<Record<NodeJS.Architecture, string>> = { x64: "amd64" };
// The same files give the same archive.
const reproducible = ["--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--mtime=@0"];

/** Writes the images to an archive that `ctr images import` takes; uses `folder` meanwhile. */
export async function writeArchive(file: string, folder: string, images: readonly SmallImage[]): Promise<void> {
  const layout = join(folder, "layout");
  await mkdir(join(layout, "blobs", "sha256"), { recursive: true });
  const manifests = [];
  for (const image of images) manifests.push(await addImage(layout, join(folder, "root"), image));
  await writeFile(join(layout, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  await writeFile(join(layout, "index.json"), JSON.stringify({ schemaVersion: 2, manifests }));
  await runCommand("tar", [...reproducible, "-cf", file, "-C", layout, "."]);
  await rm(layout, { recursive: true });
}

async function addImage(layout: string, root: string, { name, files, entrypoint }: SmallImage) {
  for (const [path, source] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await cp(source, join(root, path), { mode: 0 });
  }
  const tar = `${root}.tar`;
  await runCommand("tar", [...reproducible, "--mode=a=rX,u+w", "-cf", tar, "-C", root, "."]);
  await rm(root, { recursive: true });
  const layer = await addBlob(layout, mediaTypes.layer, tar);
  const config = await addJson(layout, mediaTypes.config, {
    architecture: architectures[process.arch] ?? process.arch,
    os: "linux",
    config: { User: "65532:65532", Entrypoint: entrypoint, Env: ["PATH=/bin"] },
    rootfs: { type: "layers", diff_ids: [layer.digest] },
  });
  const { manifest } = mediaTypes;
  const described = await addJson(layout, manifest, { schemaVersion: 2, mediaType: manifest, config, layers: [layer] });
  return { ...described, annotations: { "io.containerd.image.name": name } };
}

async function addJson(layout: string, mediaType: string, content: object): Promise<Descriptor> {
  const file = join(layout, "new.json");
  await writeFile(file, JSON.stringify(content));
  return addBlob(layout, mediaType, file);
}

/** Moves the file to where its digest says. */
async function addBlob(layout: string, mediaType: string, file: string): Promise<Descriptor> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  const digest = hash.digest("hex");
  const { size } = await stat(file);
  await rename(file, join(layout, "blobs", "sha256", digest));
  return { mediaType, digest: `sha256:${digest}`, size };
}
