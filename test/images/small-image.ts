import { type DescribedImage, withSbom } from "../../tools/oci/attach-sbom.ts";
import { imageOf } from "../../tools/oci/image.ts";
import { layerOf } from "../../tools/oci/layer.ts";
import type { Entry } from "../../tools/oci/tree.ts";

const info = {
  version: "1.2.3",
  license: "Apache-2.0",
  source: "https://git.example.com/mesh",
  revision: { created: "2026-01-01T00:00:00Z", commit: "0123456" },
};
const component = (id: string) => ({ id, name: id, version: "1", license: "MIT", purl: `pkg:generic/${id}@1` });

/** Two layers of a few bytes: enough for whatever does not run it. */
export async function smallImage(reference: string): Promise<DescribedImage> {
  const name = reference.replace(/^.*\/|:.*$/g, "");
  const layer = async (id: string, files: Readonly<Record<string, Entry>>) => ({
    layer: await layerOf(id, new Map(Object.entries(files))),
    components: [component(id)],
  });
  const base = await layer("base", {
    "etc/passwd": { content: Buffer.from("root:x:0:0::/:\n"), from: "base" },
    "bin/sh": { target: "/nowhere", from: "base" },
  });
  const app = await layer("app", { "app/main.js": { content: Buffer.from(`// ${name}\n`), from: "app" } });
  const npm = { ...component("npm-zod-4.0.0"), within: "app" };
  const parts = [base, { ...app, components: [...app.components, npm] }];
  const spec = { name, title: name, description: "for a test", reference, script: "/app/main.js", parts };
  return withSbom(imageOf(spec, info), info);
}

export const smallImageInfo = info;
