import type { Kubectl } from "./kubectl.ts";
import { clusterDomain } from "./node-config.ts";

/** A server on the node that gets a name in the cluster. */
export interface NodeService {
  readonly namespace: string;
  readonly name: string;
  readonly address: string;
  readonly port: number;
}

/** Makes a Service without pods that leads to the node; answers its name in full. */
export async function nameOnNode(kubectl: Kubectl, { namespace, name, address, port }: NodeService): Promise<string> {
  const ports = [{ name: "main", port }];
  const labels = { "kubernetes.io/service-name": name };
  const items = [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
    { apiVersion: "v1", kind: "Service", metadata: { name, namespace }, spec: { ports } },
    {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { name, namespace, labels },
      addressType: "IPv4",
      endpoints: [{ addresses: [address] }],
      ports,
    },
  ];
  await kubectl(["apply", "--server-side", "-f", "-"], JSON.stringify({ apiVersion: "v1", kind: "List", items }));
  return `${name}.${namespace}.svc.${clusterDomain}`;
}
