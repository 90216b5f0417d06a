import { type DeliverySpec, type Destination, defaultDelivery } from "./delivery.ts";

/** Annotation that chooses who serves a Broker; it cannot be changed later. */
export const classAnnotation = "eventing.knative.dev/broker.class";
export const brokerClass = { multiTenant: "MTChannelBasedBroker", nats: "NatsJetStreamBroker" } as const;

export interface BrokerOptions {
  readonly name: string;
  readonly namespace: string;
  readonly release: string;
  /** The cluster's default unless given. */
  readonly class?: string;
  /** Object with the settings of that class. */
  readonly config?: Destination["ref"];
  readonly deadLetterSink?: Destination;
}

export interface Broker {
  readonly apiVersion: "eventing.knative.dev/v1";
  readonly kind: "Broker";
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: { readonly config?: Destination["ref"]; readonly delivery: DeliverySpec };
}

/** The Broker of an installation. What it says of delivery holds for Triggers of others, which say nothing themselves. */
export function brokerFor(options: BrokerOptions): Broker {
  const { name, namespace, release, class: className, config, deadLetterSink } = options;
  return {
    apiVersion: "eventing.knative.dev/v1",
    kind: "Broker",
    metadata: {
      name,
      namespace,
      labels: { "app.kubernetes.io/name": "account-functions", "app.kubernetes.io/instance": release },
      ...(className && { annotations: { [classAnnotation]: className } }),
    },
    spec: { ...(config && { config }), delivery: { ...defaultDelivery, ...(deadLetterSink && { deadLetterSink }) } },
  };
}
