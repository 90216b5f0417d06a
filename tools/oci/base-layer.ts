import { basePackages } from "./base-packages.ts";
import type { Component } from "./component.ts";
import { readPins } from "./debian.ts";
import { unpackPackage } from "./debian-files.ts";
import { cachedLayerOf, type Layer } from "./layer.ts";
import { type Entry, isLink, merged, type Tree } from "./tree.ts";

/** A layer and what it is made of. */
export interface Part {
  readonly layer: Layer;
  readonly components: readonly Component[];
}

/** Whom the images run as. */
export const nonRoot = 65_532;
export const authorities = "etc/ssl/certs/ca-certificates.crt";

/** Libraries, certificates and a user: from pinned Debian packages, and few files of our own. */
export async function baseLayer(): Promise<Part> {
  const pins = new Map((await readPins()).map((pin) => [pin.name, pin]));
  const unpacked = await Promise.all(
    basePackages.map((wanted) => {
      const pin = pins.get(wanted.name);
      if (!pin) throw new Error(`${wanted.name} has no pin yet: tools/node tools/oci/lock.ts`);
      return unpackPackage(wanted, pin);
    }),
  );
  const tree = merged(...unpacked.map((each) => joinedAuthorities(each.tree)), accounts);
  const layer = await cachedLayerOf("Debian files", tree);
  return { layer, components: [...unpacked.map(({ component }) => component), own] };
}

const own: Component = {
  id: "base",
  name: "account-functions-base",
  version: "1",
  license: "Apache-2.0",
  purl: "pkg:generic/account-functions-base@1",
};

const text = (content: string): Entry => ({ content: Buffer.from(content), from: own.id });
const accounts: Tree = new Map([
  ["etc/passwd", text(`root:x:0:0:root:/:/sbin/nologin\nnonroot:x:${nonRoot}:${nonRoot}:nonroot:/app:/sbin/nologin\n`)],
  ["etc/group", text(`root:x:0:\nnonroot:x:${nonRoot}:\n`)],
  // Without it the C library asks DNS first, and /etc/hosts only when there is none.
  ["etc/nsswitch.conf", text("passwd: files\ngroup: files\nhosts: files dns\n")],
]);

/** Certificates as one file, in the order of their names, each ending its line. */
function joinedAuthorities(tree: Tree): Tree {
  const isCertificate = ([path]: readonly [string, Entry]) => path.endsWith(".crt");
  const certificates = [...tree].filter(isCertificate).sort(([a], [b]) => (a < b ? -1 : 1));
  const [first] = certificates;
  if (!first) return tree;
  const joined = certificates.map(([, entry]) => (isLink(entry) ? "" : `${entry.content.toString().trimEnd()}\n`));
  const kept = [...tree].filter((each) => !isCertificate(each));
  return new Map([...kept, [authorities, { content: Buffer.from(joined.join("")), from: first[1].from }]]);
}
