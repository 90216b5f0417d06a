import { createHash } from "node:crypto";
import type { Component } from "./component.ts";
import type { BuildInfo, Image } from "./image.ts";
import { isLink, sumsOf } from "./tree.ts";

/** What is in an image, as SPDX 2.3: each file with its checksums and whose it is, each package with version and licence.
 *  Made from the very trees that the layers are written from. */
export function spdxOf(image: Image, info: BuildInfo) {
  const { spec, components } = image;
  const files = filesOf(image);
  const relationships = [
    { spdxElementId: "SPDXRef-DOCUMENT", relationshipType: "DESCRIBES", relatedSpdxElement: imageId },
    ...components.map(({ id, within }) => contains(within === undefined ? imageId : packageId(within), packageId(id))),
    ...files.map(({ id, from }) => contains(packageId(from), id)),
  ];
  return {
    spdxVersion: "SPDX-2.3",
    dataLicense: "CC0-1.0",
    SPDXID: "SPDXRef-DOCUMENT",
    name: spec.reference,
    documentNamespace: `https://spdx.org/spdxdocs/${spec.name}-${hexOf(image)}`,
    creationInfo: { created: info.revision.created, creators: ["Tool: account-functions-make-images"] },
    packages: [imagePackage(image, info), ...components.map((each) => packageOf(each, files))],
    files: files.map(({ id, path, sha1, sha256 }) => ({
      SPDXID: id,
      fileName: `./${path}`,
      checksums: [
        { algorithm: "SHA1", checksumValue: sha1 },
        { algorithm: "SHA256", checksumValue: sha256 },
      ],
      licenseConcluded: "NOASSERTION",
      copyrightText: "NOASSERTION",
    })),
    relationships,
  };
}

interface ListedFile {
  readonly id: string;
  readonly path: string;
  readonly from: string;
  readonly sha1: string;
  readonly sha256: string;
}

const imageId = "SPDXRef-Image";
const packageId = (id: string) => `SPDXRef-Package-${id}`;
const hexOf = ({ manifest }: Image) => manifest.descriptor.digest.replace("sha256:", "");
const contains = (spdxElementId: string, relatedSpdxElement: string) => ({
  spdxElementId,
  relationshipType: "CONTAINS",
  relatedSpdxElement,
});

function filesOf({ spec }: Image): readonly ListedFile[] {
  const entries = spec.parts.flatMap(({ layer }) => [...layer.tree]);
  return entries.flatMap(([path, entry]) => {
    if (isLink(entry)) return [];
    const id = `SPDXRef-File-${createHash("sha256").update(path).digest("hex").slice(0, 16)}`;
    return [{ id, path, from: entry.from, ...sumsOf(entry) }];
  });
}

function imagePackage(image: Image, { version, license }: BuildInfo) {
  const digest = `sha256:${hexOf(image)}`;
  const name = image.spec.reference.replace(/:[^:/]*$/, "");
  const purl = `pkg:oci/${image.spec.name}@${encodeURIComponent(digest)}?repository_url=${encodeURIComponent(name)}`;
  return {
    SPDXID: imageId,
    name,
    versionInfo: version,
    primaryPackagePurpose: "CONTAINER",
    downloadLocation: "NOASSERTION",
    filesAnalyzed: false,
    checksums: [{ algorithm: "SHA256", checksumValue: hexOf(image) }],
    licenseConcluded: "NOASSERTION",
    licenseDeclared: license,
    copyrightText: "NOASSERTION",
    externalRefs: [purlRef(purl)],
  };
}

function packageOf(component: Component, files: readonly ListedFile[]) {
  const { id, name, version, license, purl, supplier, checksum, cpe } = component;
  const own = files.filter(({ from }) => from === id);
  return {
    SPDXID: packageId(id),
    name,
    versionInfo: version,
    ...(supplier && { supplier }),
    downloadLocation: "NOASSERTION",
    filesAnalyzed: own.length > 0,
    ...(own.length > 0 && { packageVerificationCode: { packageVerificationCodeValue: verificationCode(own) } }),
    ...(checksum && { checksums: [{ algorithm: checksum.algorithm, checksumValue: checksum.hex }] }),
    licenseConcluded: "NOASSERTION",
    licenseDeclared: license,
    copyrightText: "NOASSERTION",
    externalRefs: [purlRef(purl), ...(cpe ? [securityRef(cpe)] : [])],
  };
}

/** SPDX 2.3, 7.9: over the sorted SHA-1 sums of a package's files. */
const verificationCode = (files: readonly ListedFile[]) =>
  createHash("sha1")
    .update(
      files
        .map(({ sha1 }) => sha1)
        .sort()
        .join(""),
    )
    .digest("hex");

const purlRef = (referenceLocator: string) => ({
  referenceCategory: "PACKAGE-MANAGER",
  referenceType: "purl",
  referenceLocator,
});
const securityRef = (referenceLocator: string) => ({
  referenceCategory: "SECURITY",
  referenceType: "cpe23Type",
  referenceLocator,
});
