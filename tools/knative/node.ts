import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { obtain } from "../obtain.ts";
import { Server, type StartOptions } from "../server.ts";
import { answersOk } from "./answers-ok.ts";
import type { ApiServer } from "./api-server.ts";
import type { DebianPackages } from "./debian-packages.ts";
import type { Namespace } from "./namespace.ts";
import { containerdConfig, containerdSocket, kubeletConfig, networkConfig, podNetwork } from "./node-config.ts";

export interface NodeOptions extends Required<StartOptions> {
  readonly place: Namespace;
  readonly api: ApiServer;
  readonly packages: DebianPackages;
}

/** containerd, with a way to bring images in: a registry is not to be reached from here. */
export interface Containerd {
  readonly server: Server;
  importImages(archive: string): Promise<void>;
}

export async function startContainerd({ place, folder, cleanup, packages }: NodeOptions): Promise<Containerd> {
  const { root, cniPlugins, env } = packages;
  const cniConfig = join(folder, "cni");
  await mkdir(cniConfig);
  await writeFile(join(cniConfig, "10-pods.conflist"), JSON.stringify(networkConfig));
  const config = join(folder, "containerd.toml");
  await writeFile(config, containerdConfig({ root: join(folder, "containerd"), cniPlugins, cniConfig }));
  const ctr = (args: readonly string[]) =>
    place.exec(join(root, "usr", "bin", "ctr"), ["-a", containerdSocket, ...args], env);
  const server = new Server({
    name: "containerd",
    ...place.wrap(join(root, "usr", "bin", "containerd"), ["--config", config]),
    env,
    folder,
    isReady: () =>
      ctr(["version"]).then(
        () => true,
        () => false,
      ),
    readyLimitMs: 30_000,
  });
  cleanup.defer(() => server.kill());
  await server.start();
  const importImages = async (archive: string) => void (await ctr(["-n", "k8s.io", "images", "import", archive]));
  return { server, importImages };
}

/** kubelet and kube-proxy. The node is registered when this resolves, not yet ready. */
export async function startNodeServers(options: NodeOptions & { readonly dns: string }): Promise<readonly Server[]> {
  const { place, api, folder, packages, dns } = options;
  const { env } = packages;
  const config = join(folder, "kubelet.json");
  await writeFile(config, JSON.stringify(kubeletConfig({ dns })));
  const kubelet = new Server({
    name: "kubelet",
    ...place.wrap(await obtain("kubelet"), [
      `--config=${config}`,
      `--kubeconfig=${await api.writeKubeconfig(join(folder, "kubelet.kubeconfig"), "system:node:localhost")}`,
      `--root-dir=${join(folder, "kubelet")}`,
      `--cert-dir=${join(folder, "kubelet", "pki")}`,
      "--hostname-override=localhost",
      `--node-ip=${place.address}`,
    ]),
    env,
    folder,
    isReady: () => answersOk(place, { port: 10_248, path: "/healthz" }),
    readyLimitMs: 60_000,
  });
  const proxy = new Server({
    name: "kube-proxy",
    ...place.wrap(await obtain("kube-proxy"), [
      `--kubeconfig=${await api.writeKubeconfig(join(folder, "kube-proxy.kubeconfig"), "system:kube-proxy")}`,
      "--hostname-override=localhost",
      "--proxy-mode=iptables",
      `--cluster-cidr=${podNetwork}`,
      // How many connections the kernel keeps track of is the machine's business.
      "--conntrack-max-per-core=0",
      "--conntrack-min=0",
      "--conntrack-tcp-timeout-established=0s",
      "--conntrack-tcp-timeout-close-wait=0s",
      "--iptables-min-sync-period=100ms",
    ]),
    env,
    folder,
    isReady: () => answersOk(place, { port: 10_256, path: "/healthz" }),
    readyLimitMs: 60_000,
  });
  const servers = [kubelet, proxy];
  for (const server of servers) options.cleanup.defer(() => server.kill());
  await Promise.all(servers.map((server) => server.start()));
  return servers;
}

/** kube-controller-manager and kube-scheduler. */
export async function startControllers({ place, api, folder, cleanup }: NodeOptions): Promise<readonly Server[]> {
  const manager = new Server({
    name: "kube-controller-manager",
    ...place.wrap(await obtain("kube-controller-manager"), [
      `--kubeconfig=${await api.writeKubeconfig(join(folder, "controller-manager.kubeconfig"), "system:kube-controller-manager")}`,
      `--root-ca-file=${api.caFile}`,
      `--service-account-private-key-file=${api.serviceAccountKeyFile}`,
      "--use-service-account-credentials=true",
      "--leader-elect=false",
      "--bind-address=127.0.0.1",
      `--cert-dir=${join(folder, "controller-manager")}`,
      "--authentication-tolerate-lookup-failure=true",
    ]),
    folder,
    isReady: () => Promise.resolve(true),
    readyLimitMs: 60_000,
  });
  const scheduler = new Server({
    name: "kube-scheduler",
    ...place.wrap(await obtain("kube-scheduler"), [
      `--kubeconfig=${await api.writeKubeconfig(join(folder, "scheduler.kubeconfig"), "system:kube-scheduler")}`,
      "--leader-elect=false",
      "--bind-address=127.0.0.1",
      `--cert-dir=${join(folder, "scheduler")}`,
      "--authentication-tolerate-lookup-failure=true",
    ]),
    folder,
    isReady: () => Promise.resolve(true),
    readyLimitMs: 60_000,
  });
  const servers = [manager, scheduler];
  for (const server of servers) cleanup.defer(() => server.kill());
  await Promise.all(servers.map((server) => server.start()));
  return servers;
}
