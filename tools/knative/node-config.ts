import { pauseImage } from "./cluster-images.ts";

export const podNetwork = "10.244.0.0/16";
export const clusterDomain = "cluster.local";

export interface ContainerdPaths {
  readonly root: string;
  readonly cniPlugins: string;
  readonly cniConfig: string;
}

/** containerd's own format is TOML. */
export function containerdConfig({ root, cniPlugins, cniConfig }: ContainerdPaths): string {
  return `version = 2
root = ${JSON.stringify(root)}
state = "/run/containerd"
disabled_plugins = ["io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.aufs"]

[grpc]
address = "${containerdSocket}"

[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "${pauseImage}"
# A machine without CAP_SYS_RESOURCE cannot lower the score, and would refuse every pod.
restrict_oom_score_adj = true
stream_server_address = "127.0.0.1"

[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = ${JSON.stringify(cniPlugins)}
conf_dir = ${JSON.stringify(cniConfig)}

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
SystemdCgroup = false
`;
}

export const containerdSocket = "/run/containerd/containerd.sock";

/** A route to each pod, and no bridge: what one pod sends to another by way of a Service passes the node's iptables in
 *  both directions without the kernel's bridge filter. */
export const networkConfig = {
  cniVersion: "0.4.0",
  name: "pods",
  plugins: [
    {
      type: "ptp",
      ipMasq: false,
      ipam: { type: "host-local", ranges: [[{ subnet: podNetwork }]], routes: [{ dst: "0.0.0.0/0" }] },
    },
    { type: "portmap", capabilities: { portMappings: true } },
  ],
};

/** Nothing of the machine itself is to be managed: neither its control groups nor its disk. */
export function kubeletConfig({ dns }: { readonly dns: string }) {
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    // Only the node's own network leads here.
    authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
    authorization: { mode: "AlwaysAllow" },
    containerRuntimeEndpoint: `unix://${containerdSocket}`,
    cgroupDriver: "cgroupfs",
    failCgroupV1: false,
    cgroupsPerQOS: false,
    enforceNodeAllocatable: [],
    localStorageCapacityIsolation: false,
    failSwapOn: false,
    clusterDNS: [dns],
    clusterDomain,
    // The archive of images is all that there is: none is ever removed to make room.
    imageGCHighThresholdPercent: 100,
    evictionHard: { "nodefs.available": "0%", "imagefs.available": "0%", "memory.available": "50Mi" },
    // Pods become ready, and are gone, as soon as they can.
    syncFrequency: "10s",
    registerNode: true,
    resolvConf: "",
    enableServer: true,
  };
}
