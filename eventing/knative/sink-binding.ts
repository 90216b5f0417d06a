export interface SinkBinding {
  readonly apiVersion: "sources.knative.dev/v1";
  readonly kind: "SinkBinding";
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly subject: { readonly apiVersion: string; readonly kind: string; readonly name: string };
    readonly sink: { readonly ref: { readonly apiVersion: string; readonly kind: string; readonly name: string } };
  };
}

/** Gives a Deployment the URL of the Broker as `K_SINK`, and its certificates as `K_CA_CERTS`. */
export function sinkBindingFor({
  release,
  namespace,
  broker,
  deployment,
}: {
  readonly release: string;
  readonly namespace: string;
  readonly broker: string;
  readonly deployment: string;
}): SinkBinding {
  return {
    apiVersion: "sources.knative.dev/v1",
    kind: "SinkBinding",
    metadata: {
      name: `${deployment}-sink`,
      namespace,
      labels: { "app.kubernetes.io/name": "account-functions", "app.kubernetes.io/instance": release },
    },
    spec: {
      subject: { apiVersion: "apps/v1", kind: "Deployment", name: deployment },
      sink: { ref: { apiVersion: "eventing.knative.dev/v1", kind: "Broker", name: broker } },
    },
  };
}
