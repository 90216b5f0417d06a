import type { DeliverySpec } from "../../eventing/knative/delivery.ts";

/** Which published Broker the double behaves as. */
export type BrokerKind = "mt" | "nats";
export const classOf: Readonly<Record<BrokerKind, string>> = {
  mt: "MTChannelBasedBroker",
  nats: "NatsJetStreamBroker",
};

/** What a delivery spec says beyond what our own manifests use. */
export interface Delivery extends DeliverySpec {
  /** The longest Retry-After that is heeded; none is without. */
  readonly retryAfterMax?: string;
  /** Content mode of the requests; binary unless given. */
  readonly format?: "json" | "binary";
}
export interface BrokerSpec {
  readonly namespace: string;
  readonly name: string;
  readonly delivery?: Delivery;
  /** URL that `delivery.deadLetterSink` was resolved to. */
  readonly deadLetterUri?: string;
}
/** One expression of `spec.filters`. */
export type FilterExpression =
  | { readonly exact: Attributes }
  | { readonly prefix: Attributes }
  | { readonly suffix: Attributes }
  | { readonly all: readonly FilterExpression[] }
  | { readonly any: readonly FilterExpression[] }
  | { readonly not: FilterExpression }
  | { readonly cesql: string };
export type Attributes = Readonly<Record<string, string>>;

/** A Trigger whose destinations were resolved: only such get events. */
export interface TriggerSpec {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly broker: string;
  readonly filter?: { readonly attributes?: Attributes };
  readonly filters?: readonly FilterExpression[];
  readonly subscriberUri: string;
  readonly delivery?: Delivery;
  readonly deadLetterUri?: string;
  /** The next event only after the last is done with. */
  readonly isOrdered?: boolean;
}

export const brokerKey = ({ namespace, name }: { namespace: string; name: string }): string => `${namespace}/${name}`;
