import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { obtain } from "../obtain.ts";
import { thisMachine } from "../place.ts";
import { withFreePorts } from "../ports.ts";
import { withProgress } from "../progress.ts";
import { Server, type StartOptions } from "../server.ts";
import { startApiServerAt } from "./api-server.ts";
import { obtainDebianPackages } from "./debian-packages.ts";
import { type Kubectl, kubectlFor } from "./kubectl.ts";
import { type Manifest, parseManifests, servingManifests } from "./manifests.ts";
import { Namespace } from "./namespace.ts";

/** An API server without nodes, for `kubectl apply --server-side --dry-run=server`: knows Knative Serving's kinds. */
export interface ValidationServer {
  /** Of its admin, usable on this machine. */
  readonly kubeconfig: string;
  readonly kubectl: Kubectl;
  /** Whether Serving's own webhook defaults and validates, too; without it its schemas do alone. */
  readonly hasWebhook: boolean;
}
export interface ValidationOptions extends Required<StartOptions> {
  /** YAML files of more definitions that it is to know, e.g. of Knative Eventing. */
  readonly crdFiles?: readonly string[];
}

const webhookPort = 8443;
// No controller makes ServiceAccounts here, and those of a chart are not there while it is only tried: a pod, as which
// Serving's webhook tries a service, does without.
const flags = ["--endpoint-reconciler-type=none", "--disable-admission-plugins=ServiceAccount"];

/** Makes what it needs, which takes minutes where nothing is cached yet. */
export async function obtainApiServer(): Promise<void> {
  for (const name of ["kube-apiserver", "knative-webhook", "kubectl"] as const) await obtain(name);
  await obtainDebianPackages();
  await servingManifests();
}

/** Serving's webhook listens on all addresses, so it runs only where those are of a network of its own, which needs root. */
export async function startApiServer(options: ValidationOptions): Promise<ValidationServer> {
  return process.platform === "linux" && process.getuid?.() === 0 ? inNamespace(options) : onThisMachine(options);
}

async function onThisMachine({ folder, cleanup, crdFiles = [] }: ValidationOptions): Promise<ValidationServer> {
  const server = await withFreePorts(3, ([api = 0, etcd = 0, etcdPeer = 0]) =>
    startApiServerAt({ folder, cleanup, place: thisMachine, ports: { api, etcd, etcdPeer }, flags }),
  );
  const kubeconfig = await server.writeKubeconfig(join(folder, "kubeconfig"), "admin");
  const kubectl = await kubectlFor(kubeconfig);
  await define(kubectl, crdFiles);
  return { kubeconfig, kubectl, hasWebhook: false };
}

async function inNamespace({ folder, cleanup, crdFiles = [] }: ValidationOptions): Promise<ValidationServer> {
  const place = await Namespace.start({ folder, cleanup, isNode: false });
  const ports = { api: 6443, etcd: 2379, etcdPeer: 2380 };
  const server = await startApiServerAt({ folder, cleanup, place, ports, flags });
  const url = `https://127.0.0.1:${await place.forward(ports.api, { cleanup })}`;
  const kubeconfig = await server.writeKubeconfig(join(folder, "kubeconfig"), "admin", url);
  const kubectl = await kubectlFor(kubeconfig);
  await define(kubectl, crdFiles);
  await apply(kubectl, (await servingManifests()).filter(isOfWebhook).map(onPort));
  const args = [`--kubeconfig=${await server.writeKubeconfig(join(folder, "webhook.kubeconfig"), "admin")}`];
  const webhook = new Server({
    name: "knative-webhook",
    ...place.wrap(await obtain("knative-webhook"), args),
    env: {
      ...process.env,
      POD_NAME: "webhook",
      SYSTEM_NAMESPACE: "knative-serving",
      CONFIG_LOGGING_NAME: "config-logging",
      CONFIG_OBSERVABILITY_NAME: "config-observability",
      WEBHOOK_NAME: "webhook",
      WEBHOOK_PORT: `${webhookPort}`,
    },
    folder,
    isReady: () => isConfigured(kubectl),
    readyLimitMs: 60_000,
  });
  cleanup.defer(() => webhook.kill());
  await webhook.start();
  return { kubeconfig, kubectl, hasWebhook: true };
}

async function define(kubectl: Kubectl, crdFiles: readonly string[]): Promise<void> {
  const more = await Promise.all(crdFiles.map(async (file) => parseManifests(await readFile(file, "utf8"))));
  const crds = [...(await servingManifests()), ...more.flat()].filter(isDefinition);
  await withProgress(`defining ${crds.length} kinds of Knative`, async () => {
    await apply(kubectl, crds);
    const names = crds.map(({ metadata }) => `crd/${metadata.name}`);
    await kubectl(["wait", "--for=condition=Established", "--timeout=60s", ...names]);
  });
}

async function apply(kubectl: Kubectl, manifests: readonly Manifest[]): Promise<void> {
  const list = { apiVersion: "v1", kind: "List", items: manifests };
  await kubectl(["apply", "--server-side", "--force-conflicts", "-f", "-"], JSON.stringify(list));
}

const isDefinition = ({ kind }: Manifest): boolean => kind === "CustomResourceDefinition";

/** What it reads and writes. */
function isOfWebhook({ kind, metadata }: Manifest): boolean {
  const always = ["Namespace", "ConfigMap", "Secret", "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"];
  return always.includes(kind) || (kind === "Service" && metadata.name === "webhook");
}

/** There are no pods behind a Service here: the name leads to this machine, and the port to the webhook's own. */
function onPort(manifest: Manifest): Manifest {
  if (manifest.kind === "Service") return { ...manifest, spec: { type: "ExternalName", externalName: "localhost" } };
  if (!isConfiguration(manifest)) return manifest;
  const service = { name: "webhook", namespace: "knative-serving", port: webhookPort };
  return { ...manifest, webhooks: manifest.webhooks.map((hook) => ({ ...hook, clientConfig: { service } })) };
}

type Configuration = Manifest & { readonly webhooks: readonly object[] };
const isConfiguration = (manifest: Manifest): manifest is Configuration => Array.isArray(manifest.webhooks);

/** It enters its certificate and rules once it serves. */
async function isConfigured(kubectl: Kubectl): Promise<boolean> {
  const kinds = "mutatingwebhookconfigurations,validatingwebhookconfigurations";
  const path = '{range .items[*].webhooks[*]}{.clientConfig.caBundle}{"/"}{.rules[0].resources[0]}{"\\n"}{end}';
  const lines = (await kubectl(["get", kinds, "-o", `jsonpath=${path}`])).trim().split("\n");
  return lines.length === 3 && lines.every((line) => /^.+\/.+$/.test(line));
}
