import { servingImage } from "./cluster-images.ts";
import { ingressClass } from "./ingress/controller.ts";
import type { Kubectl } from "./kubectl.ts";
import { type Manifest, servingManifests } from "./manifests.ts";

/** How soon Knative ends pods that nobody asks for anything. */
export interface Scaling {
  /** Over how many seconds requests are counted; 6 or more. */
  readonly stableWindowS: number;
  /** Seconds that the last pod stays while the way to it is changed. */
  readonly graceS: number;
}

/** Knative's own are a minute and half a minute. */
export const quickScaling: Scaling = { stableWindowS: 10, graceS: 6 };

/** Defines the kinds of Knative Serving. */
export async function defineServing(kubectl: Kubectl): Promise<void> {
  const definitions = (await servingManifests()).filter(isDefinition);
  await apply(kubectl, definitions);
  const names = definitions.map(({ metadata }) => `crd/${metadata.name}`);
  await kubectl(["wait", "--for=condition=Established", "--timeout=60s", ...names]);
}

/** Installs Knative Serving from its own manifests with our images. */
export async function installServing(kubectl: Kubectl, scaling: Scaling = quickScaling): Promise<void> {
  const rest = (await servingManifests()).filter((manifest) => !isDefinition(manifest) && !needsCertManager(manifest));
  await apply(
    kubectl,
    rest.map((manifest) => configured(withImages(manifest), settings(scaling))),
  );
}

/** Resolves once all parts of Knative Serving are there. */
export async function servingAvailable(kubectl: Kubectl): Promise<void> {
  const wait = ["wait", "--for=condition=Available", "--timeout=180s", "deployment", "--all"];
  await kubectl(["-n", "knative-serving", ...wait]);
}

async function apply(kubectl: Kubectl, items: readonly Manifest[]): Promise<void> {
  const list = JSON.stringify({ apiVersion: "v1", kind: "List", items });
  await kubectl(["apply", "--server-side", "--force-conflicts", "-f", "-"], list);
}

const isDefinition = ({ kind }: Manifest): boolean => kind === "CustomResourceDefinition";
const needsCertManager = ({ kind }: Manifest): boolean => kind === "Certificate";

/** The manifests name Go packages in the place of images. */
function withImages(manifest: Manifest): Manifest {
  const text = JSON.stringify(manifest);
  return JSON.parse(text.replace(/ko:\/\/knative\.dev\/serving\/cmd\/(\w+)/g, (_, name: string) => servingImage(name)));
}

type Settings = Readonly<Record<string, Readonly<Record<string, string>>>>;

function settings({ stableWindowS, graceS }: Scaling): Settings {
  return {
    "config-network": { "ingress-class": ingressClass },
    "config-autoscaler": { "stable-window": `${stableWindowS}s`, "scale-to-zero-grace-period": `${graceS}s` },
  };
}

function configured(manifest: Manifest, all: Settings): Manifest {
  const own = manifest.kind === "ConfigMap" ? all[manifest.metadata.name] : undefined;
  if (!own) return manifest;
  const { data } = manifest;
  return { ...manifest, data: { ...(typeof data === "object" ? data : {}), ...own } };
}
