import { createHash } from "node:crypto";
import { join } from "node:path";
import { cached } from "../cache.ts";
import { obtain, type ToolName } from "../obtain.ts";
import { withProgress } from "../progress.ts";
import type { DebianPackages } from "./debian-packages.ts";
import { servingVersion } from "./manifests.ts";
import { type SmallImage, writeArchive } from "./oci-archive.ts";

export const pauseImage = "dev.local/cluster/pause:1";

const components = ["controller", "webhook", "autoscaler", "activator", "queue"] as const;

/** Image of a part of Knative Serving. */
export const servingImage = (component: string): string => `dev.local/knative/${component}:${servingVersion()}`;

/** Archive with the images of the cluster itself, made of the programs in the shared cache. */
export async function obtainClusterImages({ root }: DebianPackages): Promise<string> {
  const pause: SmallImage = {
    name: pauseImage,
    files: { "bin/busybox": join(root, "bin", "busybox") },
    entrypoint: ["/bin/busybox", "sleep", "infinity"],
  };
  const serving: SmallImage[] = [];
  for (const component of components) {
    const program = await obtain(`knative-${component}` satisfies ToolName);
    serving.push({ name: servingImage(component), files: { "bin/program": program }, entrypoint: ["/bin/program"] });
  }
  const images = [pause, ...serving];
  // Paths in the cache name the pins that programs are made from.
  const key = createHash("sha256").update(JSON.stringify(images)).digest("hex").slice(0, 12);
  const make = ({ file, folder }: { readonly file: string; readonly folder: string }) =>
    withProgress("making images of Knative Serving", () => writeArchive(file, folder, images));
  return cached({ name: "cluster-images.tar", key, make });
}
