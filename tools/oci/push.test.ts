import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startRegistryDouble } from "../../test/images/registry-double.ts";
import { smallImage } from "../../test/images/small-image.ts";
import { parseReference, pushImages } from "./push.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "docker-"));
});
afterEach(() => rm(folder, { recursive: true }));

const configure = (config: object) => writeFile(join(folder, "config.json"), JSON.stringify(config));
const auth = (account: string) => ({ auth: Buffer.from(account).toString("base64") });
const tell = () => {};
const quietly = () => ({ env: env(), tell });
const env = () => ({ ...process.env, DOCKER_CONFIG: folder });
const two = (host: string) => Promise.all([`${host}/team/one:1`, `${host}/team/two:1`].map(smallImage));

describe("pushing", () => {
  test("puts every blob before the manifest that names it, and shared ones once", async () => {
    await using registry = await startRegistryDouble({ listsReferrers: true });
    const images = await two(registry.host);
    await pushImages(images, quietly());
    const blobs = images.flatMap(({ spec, layers, config, sbom }) =>
      [...layers, config, sbom.document, sbom.config].map(({ descriptor }) => `team/${spec.name}@${descriptor.digest}`),
    );
    expect([...registry.blobs].sort()).toEqual(blobs.sort());
    expect([...registry.manifests.keys()]).toEqual(
      images.flatMap(({ spec, sbom }) => [
        `team/${spec.name}/1`,
        `team/${spec.name}/${sbom.manifest.descriptor.digest}`,
      ]),
    );
    const mounts = registry.requests.filter((request) => request.includes("from=team%2Fone"));
    expect(mounts).toHaveLength(2);
    const first = registry.requests.indexOf("PUT /v2/team/one/manifests/1");
    expect(registry.requests.findLastIndex((each) => each.startsWith("PUT /v2/team/one/blobs"))).toBeLessThan(first);
  });

  test("puts no blob twice", async () => {
    await using registry = await startRegistryDouble();
    const images = await two(registry.host);
    await pushImages(images, quietly());
    const told: string[] = [];
    await pushImages(images, { env: env(), tell: (line) => told.push(line) });
    expect(told).toEqual(
      ["one", "two"].map(
        (name) => `  pushed ${registry.host}/team/${name}:1: 0 blobs uploaded, 0 mounted, 5 there already`,
      ),
    );
  });

  test("lists the bill of materials under a tag where the registry lists no referrers, beside what is there, once", async () => {
    await using registry = await startRegistryDouble();
    const image = await smallImage(`${registry.host}/team/one:1`);
    const tag = `team/one/${image.manifest.descriptor.digest.replace(":", "-")}`;
    const other = { mediaType: "application/json", digest: "sha256:of-a-signature", size: 1 };
    registry.manifests.set(tag, Buffer.from(JSON.stringify({ schemaVersion: 2, manifests: [other] })));
    await pushImages([image], quietly());
    await pushImages([image], quietly());
    expect(JSON.parse(String(registry.manifests.get(tag))).manifests).toEqual([
      other,
      { ...image.sbom.manifest.descriptor, artifactType: "application/spdx+json" },
    ]);
  });

  test.each([
    ["the password of docker's configuration", { account: "ann:se:cret" }, auth("ann:se:cret")],
    ["its identity token", { refreshToken: "refresh-1" }, { ...auth("ann:"), identitytoken: "refresh-1" }],
  ])("gets tokens by %s, for each repository its own", async (_name, options, entry) => {
    await using registry = await startRegistryDouble(options);
    await configure({ auths: { [registry.host]: entry } });
    await pushImages(await two(registry.host), quietly());
    expect(registry.manifests.has("team/two/1")).toBe(true);
  });

  test("asks the helper that docker's configuration names", async () => {
    await using registry = await startRegistryDouble({ account: "ann:secret" });
    const helper = join(folder, "docker-credential-test");
    await writeFile(
      helper,
      `#!/bin/sh\n[ "$(cat)" = "${registry.host}" ] && echo '{"Username":"ann","Secret":"secret"}'\n`,
    );
    await chmod(helper, 0o755);
    await configure({ credHelpers: { [registry.host]: "test" } });
    await pushImages([await smallImage(`${registry.host}/team/one:1`)], {
      tell,
      env: { ...env(), PATH: `${folder}${delimiter}${process.env.PATH}` },
    });
    expect(registry.manifests.has("team/one/1")).toBe(true);
  });
});

describe("what cannot be pushed", () => {
  test("says how to log in", async () => {
    await using registry = await startRegistryDouble({ account: "ann:secret" });
    await configure({ auths: { [registry.host]: auth("ann:wrong") } });
    const pushed = pushImages([await smallImage(`${registry.host}/team/one:1`)], quietly());
    await expect(pushed).rejects.toThrow(`${registry.host} gives no token: HTTP 401\n  next:  docker login`);
  });

  test("says what the registry says", async () => {
    await using registry = await startRegistryDouble({ failWith: 403 });
    const pushed = pushImages([await smallImage(`${registry.host}/team/one:1`)], quietly());
    await expect(pushed).rejects.toThrow(
      new RegExp(
        `^${registry.host} refuses PUT of blob sha256:.* of team/one: HTTP 403 DENIED quota is used up\n  next: `,
      ),
    );
  });

  test("says who cannot be reached", async () => {
    const pushed = pushImages([await smallImage("127.0.0.1:1/team/one:1")], quietly());
    await expect(pushed).rejects.toThrow(/^http:\/\/127\.0\.0\.1:1 cannot be reached for blobs sha256:/);
  });

  test("is a name without a registry", () => {
    expect(() => parseReference("team/one:1")).toThrow('"team/one:1" names no registry: PUSH=registry.example.com/');
    expect(parseReference("localhost/one:1")).toEqual({ host: "localhost", repository: "one", tag: "1" });
  });

  test("a configuration of docker that is none is named", async () => {
    await writeFile(join(folder, "config.json"), "{");
    const pushed = pushImages([await smallImage("127.0.0.1:1/team/one:1")], quietly());
    await expect(pushed).rejects.toThrow(`${join(folder, "config.json")} is no configuration of docker`);
  });
});
