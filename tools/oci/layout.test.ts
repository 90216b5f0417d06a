import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { smallImage } from "../../test/images/small-image.ts";
import { digestOf } from "./blob.ts";
import { dockerManifest, layoutFiles, writeFolder } from "./layout.ts";

const images = await Promise.all(["one", "two"].map((name) => smallImage(`dev.local/mesh/${name}:1.2.3`)));
const json = (bytes: Buffer | undefined) => JSON.parse(String(bytes));

test("a layout names each image for containerd and for all others, and its bill of materials by what it refers to", () => {
  const files = layoutFiles(images);
  expect(json(files.get("oci-layout"))).toEqual({ imageLayoutVersion: "1.0.0" });
  const { manifests } = json(files.get("index.json"));
  const names = images.map(({ spec, manifest }) => ({
    ...manifest.descriptor,
    annotations: { "io.containerd.image.name": spec.reference, "org.opencontainers.image.ref.name": spec.reference },
    platform: { architecture: "amd64", os: "linux" },
  }));
  const sboms = images.map(({ sbom }) => ({ ...sbom.manifest.descriptor, artifactType: "application/spdx+json" }));
  expect(manifests).toEqual([...names, ...sboms]);
  for (const { sbom, manifest } of images) {
    expect(json(sbom.manifest.bytes).subject).toEqual(manifest.descriptor);
  }
});

test("a layout holds what its manifests name, each blob once under its digest", () => {
  const files = layoutFiles(images);
  const named = json(files.get("index.json")).manifests.flatMap(({ digest }: { digest: string }) => {
    const { config, layers } = json(files.get(`blobs/${digest.replace(":", "/")}`));
    return [digest, config.digest, ...layers.map((layer: { digest: string }) => layer.digest)];
  });
  const blobs = [...files].filter(([path]) => path.startsWith("blobs/"));
  expect(new Set(blobs.map(([, bytes]) => digestOf(bytes)))).toEqual(new Set(named));
  for (const [path, bytes] of blobs) expect(path).toBe(`blobs/${digestOf(bytes).replace(":", "/")}`);
});

test("docker of before 2024 finds the images by a manifest of its own", () => {
  expect(json(dockerManifest(images))).toMatchObject([
    { RepoTags: ["dev.local/mesh/one:1.2.3"], Layers: [expect.stringMatching(/^blobs\/sha256\//), expect.any(String)] },
    { RepoTags: ["dev.local/mesh/two:1.2.3"] },
  ]);
});

test("nothing of an earlier layout stays", async () => {
  const folder = await mkdtemp(join(tmpdir(), "layout-"));
  try {
    await writeFolder(join(folder, "oci"), new Map([["blobs/old", Buffer.from("old")]]));
    await writeFolder(join(folder, "oci"), layoutFiles(images));
    expect(await readdir(folder)).toEqual(["oci"]);
    expect(await readdir(join(folder, "oci", "blobs"))).toEqual(["sha256"]);
    expect(await readFile(join(folder, "oci", "oci-layout"), "utf8")).toContain("1.0.0");
  } finally {
    await rm(folder, { recursive: true });
  }
});
