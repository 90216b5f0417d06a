import { join } from "node:path";
import { Server } from "../server.ts";
import { answersOk } from "./answers-ok.ts";
import type { Kubectl } from "./kubectl.ts";
import { clusterDomain } from "./node-config.ts";
import type { PartOptions } from "./part-options.ts";

const namespace = "ingress";
const port = 80;

/** The ingress runs on the node itself. A Service without pods gives it a name in the cluster. */
export async function startIngress(kubectl: Kubectl, { place, api, folder, cleanup }: PartOptions): Promise<Server> {
  const kubeconfig = await api.writeKubeconfig(join(folder, "ingress.kubeconfig"), "admin");
  const items = [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "ingress", namespace },
      spec: { ports: [{ name: "http", port }] },
    },
    {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { name: "ingress", namespace, labels: { "kubernetes.io/service-name": "ingress" } },
      addressType: "IPv4",
      endpoints: [{ addresses: [place.address] }],
      ports: [{ name: "http", port }],
    },
  ];
  await kubectl(["apply", "--server-side", "-f", "-"], JSON.stringify({ apiVersion: "v1", kind: "List", items }));
  const main = join(import.meta.dirname, "ingress", "main.ts");
  const args = [main, kubeconfig, place.address, `${port}`, `ingress.${namespace}.svc.${clusterDomain}`];
  const server = new Server({
    name: "ingress",
    ...place.wrap(process.execPath, args),
    folder,
    isReady: () => answersOk(place, { host: place.address, port, path: "/healthz" }),
    readyLimitMs: 60_000,
  });
  cleanup.defer(() => server.kill());
  await server.start();
  return server;
}
