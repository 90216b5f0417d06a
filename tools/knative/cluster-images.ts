import { createHash } from "node:crypto";
import { cached } from "../cache.ts";
import type { ClusterToolName } from "../obtain.ts";
import { withProgress } from "../progress.ts";
import type { DebianPackages } from "./debian-packages.ts";
import { servingVersion } from "./manifests.ts";
import { type SmallImage, writeArchive } from "./oci-archive.ts";

export const pauseImage = "dev.local/cluster/pause:1";

const components = ["controller", "webhook", "autoscaler", "activator", "queue"] as const;

/** Image of a part of Knative Serving. */
export const servingImage = (component: string): string => `dev.local/knative/${component}:${servingVersion()}`;

/** Archive with the images of the cluster itself, made of the programs in the shared cache. */
export async function obtainClusterImages(
  { program }: DebianPackages,
  programs: Readonly<Record<ClusterToolName, string>>,
): Promise<string> {
  const pause: SmallImage = {
    name: pauseImage,
    files: { "bin/busybox": program("busybox") },
    entrypoint: ["/bin/busybox", "sleep", "infinity"],
  };
  const serving = components.map((component) => ({
    name: servingImage(component),
    files: { "bin/program": programs[`knative-${component}`] },
    entrypoint: ["/bin/program"],
  }));
  const images = [pause, ...serving];
  // Paths in the cache name the pins that programs are made from.
  const key = createHash("sha256").update(JSON.stringify(images)).digest("hex").slice(0, 12);
  const make = ({ file, folder }: { readonly file: string; readonly folder: string }) =>
    withProgress("making images of Knative Serving", () => writeArchive(file, folder, images));
  return cached({ name: "cluster-images.tar", key, make });
}
