import { createHash } from "node:crypto";
import { chmod, mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { checkoutCopy } from "../checkout-copy.ts";
import { makeImages } from "./built.ts";
import { readTar } from "./unpack.ts";

const fixed = {
  VERSION: "",
  IMAGES_PREFIX: "",
  PUSH: "",
  TARS: "",
  SOURCE_DATE_EPOCH: "1767225600",
  REVISION: "0123456789abcdef0123456789abcdef01234567",
};
const sums = async (folder: string) => {
  const files = ["digests.txt", "images.tar", join("sbom", "account-functions.spdx.json"), join("oci", "index.json")];
  const bytes = await Promise.all(files.map((file) => readFile(join(folder, file))));
  return bytes.map((each, i) => `${createHash("sha256").update(each).digest("hex")}  ${files[i]}`);
};

// A machine that is busy with other things is no failure.
const limitMs = 600_000;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "images-"));
});
afterAll(() => rm(folder, { recursive: true }));

test(
  "equal sources give equal images, wherever, whenever and by whomever they are built",
  async () => {
    const [here, there] = [join(folder, "here"), join(folder, "there")];
    await makeImages(here, { env: fixed });

    await using copy = await checkoutCopy();
    for (const name of await readdir(join(copy.folder, "deploy", "kcp", "01-root"))) {
      await utimes(join(copy.folder, "deploy", "kcp", "01-root", name), 1, 1);
      await chmod(join(copy.folder, "deploy", "kcp", "01-root", name), 0o600);
    }
    const umask = process.umask(0o077);
    try {
      const env = { ...fixed, TZ: "Pacific/Auckland", LC_ALL: "tr_TR.UTF-8", LANG: "tr_TR.UTF-8", USER: "somebody" };
      await makeImages(there, { checkout: copy.folder, env });
    } finally {
      process.umask(umask);
    }
    expect(await sums(there)).toEqual(await sums(here));
  },
  limitMs,
);

test(
  "a second run builds nothing; another version and place are in the names, and a tar of each image is to be had",
  async () => {
    const here = join(folder, "here");
    expect(await makeImages(here, { env: fixed })).toContain("nothing has changed");
    await writeFile(join(here, "images.tar"), "broken");
    const env = { ...fixed, IMAGES_PREFIX: "registry.example.com/team", VERSION: "1.2.3", TARS: "each" };
    const printed = await makeImages(here, { env });
    expect(printed).toMatch(/^sha256:[0-9a-f]{64} {2}registry\.example\.com\/team\/workspace-ready:1\.2\.3$/m);
    expect(await readdir(here)).toContain("workspace-ready.tar");
    const images = await readTar(await readFile(join(here, "images.tar")));
    expect(images.map(({ header }) => header.name)).toContain("index.json");
  },
  limitMs,
);

test("a date that is none is refused with what to give", async () => {
  const made = makeImages(join(folder, "bad"), { env: { SOURCE_DATE_EPOCH: "yesterday" } });
  await expect(made).rejects.toThrow('SOURCE_DATE_EPOCH is "yesterday": give whole seconds since 1970');
});
