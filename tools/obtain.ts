import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { alreadyCached, cached } from "./cache.ts";
import { goArtefact } from "./go-tool.ts";
import { goTools } from "./go-tools.ts";
import { keycloakArtefact } from "./keycloak.ts";
import { kubectlArtefact } from "./kubectl.ts";
import { say } from "./progress.ts";

/** What `make tools` obtains. */
export const toolNames = ["kcp", "nats-server", "openfga", "keycloak", "kubectl"] as const;
/** What the tests of the charts need besides. */
export const chartToolNames = ["helm", "kubeconform"] as const;
/** What images are pushed to and read back with, in their tests. */
export const imageToolNames = ["registry", "crane"] as const;
/** What a Kubernetes with Knative is made of; obtained only by who starts one. */
export const clusterToolNames = [
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
  "kubelet",
  "kube-proxy",
  "coredns",
  "knative-controller",
  "knative-webhook",
  "knative-autoscaler",
  "knative-activator",
  "knative-queue",
] as const;

const groups = { tools: toolNames, charts: chartToolNames, images: imageToolNames, cluster: clusterToolNames } as const;

export type ClusterToolName = (typeof clusterToolNames)[number];
export type ToolName = (typeof groups)[keyof typeof groups][number];

/** Path of the program; builds or fetches it into the shared cache when it is not there yet. */
export async function obtain(name: ToolName): Promise<string> {
  if (name === "kubectl") return (await onPath("kubectl")) ?? cached(kubectlArtefact());
  if (name === "keycloak") return cached(keycloakArtefact());
  return cached(goArtefact(goTools[name]));
}

/** Paths of what a cluster is made of, each made first where it is not there yet. */
export async function obtainClusterTools(): Promise<Readonly<Record<ClusterToolName, string>>> {
  const paths: Partial<Record<ClusterToolName, string>> = {};
  // One after the other: each build uses all cores by itself.
  for (const name of clusterToolNames) paths[name] = await obtain(name);
  return paths as Record<ClusterToolName, string>;
}

/** Path of the kubectl that this machine has, on PATH or in the shared cache. */
export async function presentKubectl(): Promise<string | undefined> {
  return (await onPath("kubectl")) ?? alreadyCached(kubectlArtefact());
}

async function onPath(program: string): Promise<string | undefined> {
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    const file = join(folder, program);
    const usable = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (folder && usable) return file;
  }
  return undefined;
}

/** `obtain.ts [NAME|tools|charts|images|cluster]...`, `tools` unless given. */
async function main(names: readonly string[]): Promise<void> {
  const all = Object.values(groups).flat();
  const known = [...all, ...Object.keys(groups)];
  const unknown = names.find((name) => !known.includes(name));
  if (unknown) throw new Error(`${unknown} is no tool and no group of tools. Use one or more of ${known.join(", ")}.`);
  const chosen = new Set(Object.entries(groups).flatMap(([group, tools]) => (names.includes(group) ? tools : [])));
  // One after the other: each build uses all cores by itself.
  for (const name of all.filter((tool) => names.includes(tool) || chosen.has(tool)))
    say(`  ${name.padEnd(23)} ${await obtain(name)}`);
}

if (import.meta.main) {
  try {
    const names = process.argv.slice(2);
    await main(names.length > 0 ? names : ["tools"]);
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}
