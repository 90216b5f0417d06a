import type { AccountFunction } from "../../shared/function.ts";
import { type DeliverySpec, type Destination, defaultDelivery } from "./delivery.ts";

export interface Trigger {
  readonly apiVersion: "eventing.knative.dev/v1";
  readonly kind: "Trigger";
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly broker: string;
    readonly filter: { readonly attributes: Readonly<Record<string, string>> };
    readonly subscriber: Destination;
    readonly delivery: DeliverySpec;
  };
}

export interface TriggerOptions {
  /** First part of all names. */
  readonly release: string;
  readonly namespace: string;
  readonly broker: string;
  readonly subscriber: Destination;
  /** As much of it as differs from the default. */
  readonly delivery?: DeliverySpec;
}

/** The Triggers by which a Broker brings a function what it wants: one for each filter, since the attributes of one filter
 *  must all match. `filter.attributes` is what every class of Broker knows. */
export function triggersFor(fn: Pick<AccountFunction, "name" | "on">, options: TriggerOptions): readonly Trigger[] {
  const { release, namespace, broker, subscriber, delivery } = options;
  return fn.on.map((filter, index) => ({
    apiVersion: "eventing.knative.dev/v1",
    kind: "Trigger",
    metadata: {
      name: `${release}-${fn.name}-${index + 1}`,
      namespace,
      labels: {
        "app.kubernetes.io/name": "account-functions",
        "app.kubernetes.io/instance": release,
        "app.kubernetes.io/component": fn.name,
      },
    },
    spec: {
      broker,
      filter: { attributes: { ...filter } },
      subscriber,
      delivery: { ...defaultDelivery, ...delivery },
    },
  }));
}

/** The Knative Service of one function. */
export const ofItsOwn = (release: string, functionName: string): Destination => ({
  ref: { apiVersion: "serving.knative.dev/v1", kind: "Service", name: `${release}-${functionName}` },
});

/** One Service for all functions, which routes by path: Knative's, or a plain one of Kubernetes. */
export const inOneService = (
  { name, plain }: { readonly name: string; readonly plain: boolean },
  functionName: string,
): Destination => ({
  ref: { apiVersion: plain ? "v1" : "serving.knative.dev/v1", kind: "Service", name },
  uri: `/${functionName}`,
});
