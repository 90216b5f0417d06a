import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runCommand } from "../run-command.ts";
import { writeArchive } from "./oci-archive.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "oci-"));
  await writeFile(join(folder, "program"), "#!/bin/sh\n", { mode: 0o700 });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const images = () =>
  ["one", "two"].map((name) => ({
    name: `dev.local/test/${name}:1`,
    files: { "bin/program": join(folder, "program") },
    entrypoint: ["/bin/program", name],
  }));

test("an archive holds each image under its name, with a program that everybody may run", async () => {
  await mkdir(join(folder, "work"));
  const file = join(folder, "images.tar");
  await writeArchive(file, join(folder, "work"), images());
  await runCommand("tar", ["-xf", file, "-C", join(folder, "work")]);
  const read = async (path: string) => JSON.parse(await readFile(join(folder, "work", path), "utf8"));
  const blob = ({ digest }: { digest: string }) => join("blobs", digest.replace(":", "/"));

  const { manifests } = await read("index.json");
  expect(manifests.map((manifest: { annotations: object }) => Object.values(manifest.annotations))).toEqual([
    ["dev.local/test/one:1"],
    ["dev.local/test/two:1"],
  ]);
  const { config, layers } = await read(blob(manifests[1]));
  expect(await read(blob(config))).toMatchObject({
    os: "linux",
    config: { Entrypoint: ["/bin/program", "two"], User: "65532:65532" },
    rootfs: { diff_ids: [layers[0].digest] },
  });
  const listed = await runCommand("tar", ["-tvf", join(folder, "work", blob(layers[0]))]);
  expect(listed).toMatch(/^-rwxr-xr-x 0\/0 .* \.\/bin\/program$/m);
});

test("the same files give the same archive", async () => {
  const bytes = [];
  for (const name of ["a", "b"]) {
    await mkdir(join(folder, name));
    await writeArchive(join(folder, `${name}.tar`), join(folder, name), images());
    bytes.push(await readFile(join(folder, `${name}.tar`)));
  }
  expect(bytes[0]).toEqual(bytes[1]);
});
