import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { answersOk } from "../answers-ok.ts";
import { Server } from "../server.ts";
import { kubeletConfig, podNetwork } from "./node-config.ts";
import type { PartOptions } from "./part-options.ts";

/** kubelet and kube-proxy. The node is registered when this resolves, not yet ready. */
export async function startNode(options: PartOptions): Promise<readonly Server[]> {
  const servers = [await kubelet(options), await kubeProxy(options)];
  for (const server of servers) options.cleanup.defer(() => server.kill());
  await Promise.all(servers.map((server) => server.start()));
  return servers;
}

async function kubelet({ place, api, folder, programs, packages: { env } }: PartOptions): Promise<Server> {
  const config = join(folder, "kubelet.json");
  await writeFile(config, JSON.stringify(kubeletConfig({ dns: place.address })));
  const args = [
    `--config=${config}`,
    `--kubeconfig=${await api.writeKubeconfig(join(folder, "kubelet.kubeconfig"), "system:node:localhost")}`,
    `--root-dir=${join(folder, "kubelet")}`,
    `--cert-dir=${join(folder, "kubelet", "pki")}`,
    "--hostname-override=localhost",
    `--node-ip=${place.address}`,
  ];
  const command = place.wrap(programs.kubelet, args);
  const isReady = () => answersOk(place, { port: 10_248, path: "/healthz" });
  return new Server({ name: "kubelet", ...command, env, folder, isReady, readyLimitMs: 60_000 });
}

async function kubeProxy({ place, api, folder, programs, packages: { env } }: PartOptions): Promise<Server> {
  const args = [
    `--kubeconfig=${await api.writeKubeconfig(join(folder, "kube-proxy.kubeconfig"), "system:kube-proxy")}`,
    "--hostname-override=localhost",
    "--proxy-mode=iptables",
    `--cluster-cidr=${podNetwork}`,
    "--iptables-min-sync-period=100ms",
    // How many connections the kernel keeps track of is the machine's business.
    "--conntrack-max-per-core=0",
    "--conntrack-min=0",
    "--conntrack-tcp-timeout-established=0s",
    "--conntrack-tcp-timeout-close-wait=0s",
  ];
  const command = place.wrap(programs["kube-proxy"], args);
  const isReady = () => answersOk(place, { port: 10_256, path: "/healthz" });
  return new Server({ name: "kube-proxy", ...command, env, folder, isReady, readyLimitMs: 60_000 });
}
