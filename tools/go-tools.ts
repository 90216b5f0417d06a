import type { GoTool } from "./go-tool.ts";

/** Programs that are built from Go modules, each pinned in tools/`pins`. */
export const goTools = {
  kcp: {
    name: "kcp",
    module: "github.com/kcp-dev/kcp",
    package: "github.com/kcp-dev/kcp/cmd/kcp",
    coldBuild: "about 5 min",
  },
  "nats-server": {
    name: "nats-server",
    module: "github.com/nats-io/nats-server/v2",
    package: "github.com/nats-io/nats-server/v2",
    coldBuild: "about 40 s",
  },
  openfga: {
    name: "openfga",
    module: "github.com/openfga/openfga",
    package: "github.com/openfga/openfga/cmd/openfga",
    coldBuild: "about 3 min",
  },
  helm: {
    name: "helm",
    module: "helm.sh/helm/v3",
    package: "helm.sh/helm/v3/cmd/helm",
    coldBuild: "about 3 min",
    build: (version) => ({
      bare: true,
      variables: {
        "helm.sh/helm/v3/internal/version.version": version,
        // The Kubernetes that `helm template` and `helm lint` assume, which is set only at linking: the one that we start.
        "helm.sh/helm/v3/pkg/chartutil.k8sVersionMajor": "1",
        "helm.sh/helm/v3/pkg/chartutil.k8sVersionMinor": "36",
        "helm.sh/helm/v3/pkg/lint/rules.k8sVersionMajor": "1",
        "helm.sh/helm/v3/pkg/lint/rules.k8sVersionMinor": "36",
      },
    }),
  },
  kubeconform: {
    name: "kubeconform",
    module: "github.com/yannh/kubeconform",
    package: "github.com/yannh/kubeconform/cmd/kubeconform",
    coldBuild: "about 30 s",
    build: (version) => ({ bare: true, variables: { "main.version": version } }),
  },
  registry: {
    name: "registry",
    module: "github.com/distribution/distribution/v3",
    package: "github.com/distribution/distribution/v3/cmd/registry",
    coldBuild: "about 1 min",
  },
  crane: {
    name: "crane",
    module: "github.com/google/go-containerregistry",
    package: "github.com/google/go-containerregistry/cmd/crane",
    coldBuild: "about 20 s",
  },
  "kube-apiserver": kubernetes("kube-apiserver", "about 5 min"),
  "kube-controller-manager": kubernetes("kube-controller-manager", "about 1 min"),
  "kube-scheduler": kubernetes("kube-scheduler", "about 20 s"),
  kubelet: kubernetes("kubelet", "about 1 min"),
  "kube-proxy": kubernetes("kube-proxy", "about 20 s"),
  coredns: {
    name: "coredns",
    module: "github.com/coredns/coredns",
    package: "github.com/coredns/coredns",
    coldBuild: "about 2 min",
    build: () => ({ bare: true }),
  },
  "knative-controller": knativeServing("controller", "about 2 min"),
  "knative-webhook": knativeServing("webhook", "about 20 s"),
  "knative-autoscaler": knativeServing("autoscaler", "about 20 s"),
  "knative-activator": knativeServing("activator", "about 20 s"),
  "knative-queue": knativeServing("queue", "about 20 s"),
} as const satisfies Record<string, GoTool>;

function kubernetes<Name extends string>(name: Name, coldBuild: string) {
  return {
    name,
    pins: "kubernetes",
    module: "k8s.io/kubernetes",
    package: `k8s.io/kubernetes/cmd/${name}`,
    coldBuild,
    build: (version) => ({
      bare: true,
      // Clients and node checks compare versions; without these a program says v0.0.0.
      variables: {
        "k8s.io/component-base/version.gitVersion": version,
        "k8s.io/component-base/version.gitMajor": /v(\d+)/.exec(version)?.[1] ?? "",
        "k8s.io/component-base/version.gitMinor": /\.(\d+)/.exec(version)?.[1] ?? "",
        "k8s.io/component-base/version.gitTreeState": "clean",
      },
    }),
  } as const satisfies GoTool;
}

function knativeServing<Name extends string>(name: Name, coldBuild: string) {
  return {
    name: `knative-${name}`,
    pins: "knative-serving",
    module: "knative.dev/serving",
    package: `knative.dev/serving/cmd/${name}`,
    coldBuild,
    build: () => ({ bare: true }),
  } as const satisfies GoTool;
}
