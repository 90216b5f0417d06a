import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { smallImage, smallImageInfo } from "../../test/images/small-image.ts";
import { spdxOf } from "./sbom.ts";

const image = await smallImage("dev.local/mesh/one:1.2.3");
const document = spdxOf(image, smallImageInfo);
const sha1 = (text: string) => createHash("sha1").update(text).digest("hex");

test("a bill of materials is about one image, by its digest", () => {
  const hex = image.manifest.descriptor.digest.replace("sha256:", "");
  expect(document).toMatchObject({
    spdxVersion: "SPDX-2.3",
    name: "dev.local/mesh/one:1.2.3",
    documentNamespace: `https://spdx.org/spdxdocs/one-${hex}`,
    creationInfo: { created: "2026-01-01T00:00:00Z" },
  });
  expect(document.packages[0]).toMatchObject({
    name: "dev.local/mesh/one",
    versionInfo: "1.2.3",
    checksums: [{ algorithm: "SHA256", checksumValue: hex }],
    externalRefs: [{ referenceLocator: `pkg:oci/one@sha256%3A${hex}?repository_url=dev.local%2Fmesh%2Fone` }],
  });
});

test("files belong to the package that brings them, bundled packages to what they are bundled into", () => {
  const pairs = document.relationships.map((each) => [each.spdxElementId, each.relatedSpdxElement]);
  expect(pairs).toEqual([
    ["SPDXRef-DOCUMENT", "SPDXRef-Image"],
    ["SPDXRef-Image", "SPDXRef-Package-base"],
    ["SPDXRef-Image", "SPDXRef-Package-app"],
    ["SPDXRef-Package-app", "SPDXRef-Package-npm-zod-4.0.0"],
    ["SPDXRef-Package-base", document.files[0]?.SPDXID],
    ["SPDXRef-Package-app", document.files[1]?.SPDXID],
  ]);
});

test("files are listed with their sums and links are not; a package with files has the code that proves them", () => {
  expect(document.files.map(({ fileName }) => fileName)).toEqual(["./etc/passwd", "./app/main.js"]);
  const sum = sha1("// one\n");
  expect(document.files[1]?.checksums[0]).toEqual({ algorithm: "SHA1", checksumValue: sum });
  const [, base, app, npm] = document.packages;
  expect(app).toMatchObject({ packageVerificationCode: { packageVerificationCodeValue: sha1(sum) } });
  expect([base?.filesAnalyzed, app?.filesAnalyzed, npm?.filesAnalyzed]).toEqual([true, true, false]);
});
