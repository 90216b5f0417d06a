import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { functions } from "../../functions/index.ts";
import { type Built, builtImages, imageNamed, type StoredImage } from "./built.ts";
import { specification } from "./image-spec.ts";
import { configOf, once, recordsOf, tarOfLayer } from "./unpack.ts";

let built: Built;
beforeAll(async () => {
  built = await builtImages();
  // A machine that is busy with other things is no failure.
}, 600_000);

const sha256 = once((bytes) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`);

describe("decisions 44: what make images leaves", () => {
  test("is an image of everything and one of each function, by name and version", async () => {
    const { version } = JSON.parse(await readFile("package.json", "utf8"));
    const names = ["account-functions", ...functions.map(({ name }) => name)];
    expect(built.images.map(({ reference }) => reference)).toEqual(
      names.map((name) => `dev.local/account-functions/${name}:${version}`),
    );
    const digests = built.images.map(({ digest, reference }) => `${digest}  ${reference}\n`);
    expect(await readFile(join(built.folder, "digests.txt"), "utf8")).toBe(digests.join(""));
  });

  test("is what the published schemas of the image specification ask for", async () => {
    const validate = await specification();
    const layout = JSON.parse(await readFile(join(built.folder, "oci", "oci-layout"), "utf8"));
    expect(validate("image-layout", layout)).toEqual([]);
    expect(validate("image-index", built.index)).toEqual([]);
    for (const descriptor of built.index.manifests) {
      const manifest = JSON.parse((await built.blob(descriptor)).toString());
      expect(validate("image-manifest", manifest)).toEqual([]);
    }
    for (const image of built.images) expect(validate("config", JSON.parse(image.config.toString()))).toEqual([]);
  });

  test("names each blob by its true digest and size, and each layer also by that of its tar", async () => {
    for (const descriptor of built.index.manifests) {
      const manifest = JSON.parse((await built.blob(descriptor)).toString());
      for (const each of [descriptor, manifest.config, ...manifest.layers]) {
        const bytes = await built.blob(each);
        expect({ digest: sha256(bytes), size: bytes.length }).toEqual({ digest: each.digest, size: each.size });
      }
    }
    for (const image of built.images) {
      expect(image.layers.map((bytes) => sha256(tarOfLayer(bytes)))).toEqual(configOf(image).rootfs.diff_ids);
    }
  });

  test("shares all layers but the last, so that twelve images take the room of one", () => {
    const shared = new Set(
      built.images.map(({ manifest }) =>
        manifest.layers
          .slice(0, -1)
          .map(({ digest }) => digest)
          .join(),
      ),
    );
    expect(shared.size).toBe(1);
    const sizes = built.images.map(({ manifest }) => manifest.layers.at(-1)?.size ?? 0);
    expect(Math.max(...sizes)).toBeLessThan(3e6);
  });
});

describe("each image", () => {
  test("runs as nobody, and says where it comes from", () => {
    for (const image of built.images) {
      const { config, created } = configOf(image);
      expect(config).toMatchObject({ User: "65532:65532", WorkingDir: "/app" });
      expect(Object.keys(config.ExposedPorts)).toEqual(["8080/tcp", "9090/tcp"]);
      expect(config.Labels).toMatchObject({
        "org.opencontainers.image.title": image.reference.replace(/^.*\/|:.*$/g, ""),
        "org.opencontainers.image.licenses": "Apache-2.0",
        "org.opencontainers.image.created": created,
      });
    }
    const scripts = built.images.map((image) => configOf(image).config.Entrypoint.at(-1));
    expect(scripts).toEqual(["/app/main.js", ...functions.map(() => "/app/index.js")]);
  });

  test("holds root's files alone: none that its user could write, none that would make it somebody else", async () => {
    const records = new Set((await Promise.all(built.images.map(recordsOf))).flat());
    for (const { header } of records) {
      const { name, uid, gid, mode, mtime, type } = header;
      expect({ name, uid, gid, mtime: mtime.getTime() }).toEqual({ name, uid: 0, gid: 0, mtime: 0 });
      expect(["file", "directory", "symlink"]).toContain(type);
      if (type !== "symlink") expect(mode & 0o6022, name).toBe(0);
    }
  });

  test("holds no shell and no program but Node.js and the loader of libraries", async () => {
    const records = await recordsOf(imageNamed(built, "account-functions"));
    const programs = records.filter(({ header }) => header.type === "file" && header.mode & 0o111);
    expect(programs.map(({ header }) => header.name).sort()).toEqual([
      "lib/x86_64-linux-gnu/ld-linux-x86-64.so.2",
      "lib/x86_64-linux-gnu/libc.so.6",
      "usr/local/bin/node",
    ]);
  });
});

const sbomSchema = z.looseObject({
  name: z.string(),
  packages: z.array(
    z.looseObject({ SPDXID: z.string(), name: z.string(), versionInfo: z.string(), licenseDeclared: z.string() }),
  ),
  files: z.array(
    z.looseObject({
      SPDXID: z.string(),
      fileName: z.string(),
      checksums: z.array(z.object({ algorithm: z.string(), checksumValue: z.string() })),
    }),
  ),
  relationships: z.array(
    z.object({ spdxElementId: z.string(), relationshipType: z.string(), relatedSpdxElement: z.string() }),
  ),
});

/** By the reference that a registry would list. */
async function sbomOf({ digest }: StoredImage) {
  for (const descriptor of built.index.manifests.filter(
    ({ artifactType }) => artifactType === "application/spdx+json",
  )) {
    const manifest = JSON.parse((await built.blob(descriptor)).toString());
    if (manifest.subject.digest === digest)
      return sbomSchema.parse(JSON.parse((await built.blob(manifest.layers[0])).toString()));
  }
  throw new Error(`nothing refers to ${digest}`);
}

describe("each bill of materials", () => {
  test("lists every file of the image with its checksum, and whose it is", async () => {
    for (const image of built.images) {
      const { files, relationships } = await sbomOf(image);
      const listed = files.map(({ fileName, checksums }) => [
        fileName,
        `sha256:${checksums.find(({ algorithm }) => algorithm === "SHA256")?.checksumValue}`,
      ]);
      const records = (await recordsOf(image)).filter(({ header }) => header.type === "file");
      const present = records.map(({ header, content }) => [`./${header.name}`, sha256(content)]);
      expect(Object.fromEntries(listed)).toEqual(Object.fromEntries(present));
      const owners = relationships.filter(({ relatedSpdxElement }) => relatedSpdxElement.startsWith("SPDXRef-File-"));
      expect(owners.map(({ relatedSpdxElement }) => relatedSpdxElement)).toEqual(files.map(({ SPDXID }) => SPDXID));
      expect(owners.filter(({ spdxElementId }) => !spdxElementId.startsWith("SPDXRef-Package-"))).toEqual([]);
    }
  });

  test("names the Debian packages, Node.js and the npm packages that are in it, with versions and licences", async () => {
    const lock = JSON.parse(await readFile("package-lock.json", "utf8"));
    const pins = JSON.parse(await readFile("tools/oci/base.lock.json", "utf8"));
    const { packages } = await sbomOf(imageNamed(built, "account-functions"));
    const has = (name: string) => packages.find((each) => each.name === name);
    for (const { name, version } of pins) expect(has(name), name).toMatchObject({ versionInfo: version });
    expect(has("node")).toMatchObject({ versionInfo: process.versions.node, licenseDeclared: "MIT" });
    expect(has("openssl")).toMatchObject({ versionInfo: process.versions.openssl });
    for (const name of ["zod", "pino", "@nats-io/jetstream", "@opentelemetry/sdk-trace", "@grpc/grpc-js"]) {
      const { version, license } = lock.packages[`node_modules/${name}`];
      expect(has(name), name).toMatchObject({ versionInfo: version, licenseDeclared: license });
    }
    expect(packages.filter(({ name }) => /^(vitest|rolldown|typescript|faas-js-runtime)$/.test(name))).toEqual([]);
    for (const { name, licenseDeclared } of packages)
      expect(licenseDeclared, name).toMatch(/^[A-Za-z0-9.-]+( (AND|OR|WITH) [A-Za-z0-9.-]+)*$|^\(.*\)$/);
  });

  test("refers only to what it holds", async () => {
    for (const image of built.images) {
      const { name, packages, files, relationships } = await sbomOf(image);
      expect(name).toBe(image.reference);
      const known = new Set(["SPDXRef-DOCUMENT", ...[...packages, ...files].map(({ SPDXID }) => SPDXID)]);
      expect(known.size).toBe(1 + packages.length + files.length);
      const ends = relationships.flatMap(({ spdxElementId, relatedSpdxElement }) => [
        spdxElementId,
        relatedSpdxElement,
      ]);
      expect(ends.filter((id) => !known.has(id))).toEqual([]);
    }
  });

  test("goes with the licence of every npm package in the image itself", async () => {
    const image = imageNamed(built, "account-functions");
    const records = await recordsOf(image);
    const words =
      records.find(({ header }) => header.name === "app/THIRD-PARTY-LICENSES.txt")?.content.toString() ?? "";
    const { relationships, packages } = await sbomOf(image);
    const bundled = relationships.filter(({ spdxElementId }) => spdxElementId === "SPDXRef-Package-account-functions");
    const ids = new Set(bundled.map(({ relatedSpdxElement }) => relatedSpdxElement));
    const names = packages
      .filter(({ SPDXID }) => ids.has(SPDXID))
      .map(({ name, versionInfo }) => `${name} ${versionInfo} (`);
    expect(names.length).toBeGreaterThan(20);
    expect(names.filter((name) => !words.includes(name))).toEqual([]);
  });
});
