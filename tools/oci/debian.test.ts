import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { basePackages } from "./base-packages.ts";
import { digestOf } from "./blob.ts";
import { obtainPackage, readPins } from "./debian.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "debian-"));
  vi.stubEnv("XDG_CACHE_HOME", join(folder, "cache"));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

const content = Buffer.from("a package");
const pin = {
  name: "libtest1",
  version: "1.0~rc1+deb12u1",
  architecture: "amd64",
  size: content.length,
  sha256: digestOf(content).replace("sha256:", ""),
} as const;

test("every package of the base layer is pinned by version and checksum, and nothing else is", async () => {
  const pins = await readPins();
  expect(pins.map(({ name }) => name)).toEqual(basePackages.map(({ name }) => name));
});

test("a package comes out of the folder that DEBS names, also under the name that mirrors give it", async () => {
  await writeFile(join(folder, "libtest1_1.0%7erc1%2bdeb12u1_amd64.deb"), content);
  const file = await obtainPackage(pin, { DEBS: folder });
  expect(await readFile(file)).toEqual(content);
});

test("a file that is not the pinned one is refused, whatever it is called", async () => {
  await writeFile(join(folder, "libtest1_1.0~rc1+deb12u1_amd64.deb"), "something else");
  await expect(obtainPackage(pin, { DEBS: folder })).rejects.toThrow(
    /^libtest1_1\.0~rc1\+deb12u1_amd64\.deb is not the file that is pinned: sha256 .*, wanted .* \(tools\/oci\/base\.lock\.json\)$/,
  );
});

test("a version that nobody serves is named, with three ways out", async () => {
  vi.stubEnv("PATH", folder);
  const obtained = obtainPackage(pin, {});
  await expect(obtained).rejects.toThrow("libtest1_1.0~rc1+deb12u1_amd64.deb, which the base layer is pinned to");
  await expect(obtained).rejects.toThrow(
    /apt-get update, and again\n.*DEBS=folder make images.*\n.*tools\/oci\/lock\.ts/,
  );
});
