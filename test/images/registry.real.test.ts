import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { obtain } from "../../tools/obtain.ts";
import { runCommand } from "../../tools/run-command.ts";
import { imageNamed, makeImages, readBuilt } from "./built.ts";
import { startRegistry } from "./registry-server.ts";

// `ann:secret`, as htpasswd -B writes it.
const htpasswd = "ann:$2a$04$w2J0WSrK/xKDA.q8qs72Q.aR0DDivbmoScElUIPkNWimrHGrXK2Me\n";
const auth = Buffer.from("ann:secret").toString("base64");

// A machine that is busy with other things is no failure.
const limitMs = 600_000;

let registry: Awaited<ReturnType<typeof startRegistry>>;
let folder: string;
let env: NodeJS.ProcessEnv;
beforeAll(async () => {
  registry = await startRegistry({ htpasswd });
  folder = await mkdtemp(join(tmpdir(), "pushed-"));
  await mkdir(join(folder, "docker"));
  await writeFile(join(folder, "docker", "config.json"), JSON.stringify({ auths: { [registry.host]: { auth } } }));
  env = { DOCKER_CONFIG: join(folder, "docker"), PUSH: `${registry.host}/team/mesh`, VERSION: "1.2.3", TARS: "each" };
});
afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

describe("a real registry that wants a password", () => {
  test(
    "takes the images, and a tool that knows nothing of us finds each whole and with the digest that was told",
    async () => {
      const printed = await makeImages(join(folder, "out"), { env });
      const { images } = await readBuilt(join(folder, "out"));
      const crane = await obtain("crane");
      const archive = join(folder, "out", "account-functions.tar");
      expect(await runCommand(crane, ["validate", "--tarball", archive])).toContain("PASS");
      for (const { reference, digest } of images) {
        expect(reference).toMatch(new RegExp(`^${registry.host}/team/mesh/[a-z-]+:1\\.2\\.3$`));
        expect((await runCommand(crane, ["digest", reference], { env: { ...process.env, ...env } })).trim()).toBe(
          digest,
        );
        await runCommand(crane, ["validate", "--fast", "--remote", reference], { env: { ...process.env, ...env } });
      }
      // The large layers go once: the other repositories take them over.
      expect(printed.match(/: (\d+) blobs uploaded, (\d+) mounted/g)?.[1]).toMatch(
        /[1-3] blobs uploaded, [3-6] mounted/,
      );
    },
    limitMs,
  );

  test("holds each bill of materials where tools look for what refers to an image", async () => {
    const { reference, digest } = imageNamed(await readBuilt(join(folder, "out")), "account-functions");
    const name = reference.replace(/:[^:/]*$/, "");
    const headers = { authorization: `Basic ${auth}` };
    const path = name.slice(registry.host.length + 1);
    const list = await fetch(`http://${registry.host}/v2/${path}/manifests/${digest.replace(":", "-")}`, {
      headers: { ...headers, accept: "application/vnd.oci.image.index.v1+json" },
    });
    const { manifests } = JSON.parse(await list.text());
    expect(manifests).toMatchObject([{ artifactType: "application/spdx+json" }]);
    const found = await fetch(`http://${registry.host}/v2/${path}/manifests/${manifests[0].digest}`, {
      headers: { ...headers, accept: "application/vnd.oci.image.manifest.v1+json" },
    });
    const { subject, layers } = JSON.parse(await found.text());
    expect(subject.digest).toBe(digest);
    const document = await fetch(`http://${registry.host}/v2/${path}/blobs/${layers[0].digest}`, { headers });
    expect(await document.text()).toBe(
      await readFile(join(folder, "out", "sbom", "account-functions.spdx.json"), "utf8"),
    );
  });
});
