/** Where events go: an object that has an address, or a URL; with both, the URL is relative to that address. */
export interface Destination {
  readonly ref?: {
    readonly apiVersion: string;
    readonly kind: string;
    readonly name: string;
    readonly namespace?: string;
  };
  readonly uri?: string;
}

/** What a Broker does when a subscriber does not take an event. */
export interface DeliverySpec {
  readonly retry?: number;
  readonly backoffPolicy?: "exponential" | "linear";
  /** ISO 8601, as `PT1S`. */
  readonly backoffDelay?: string;
  /** Of one attempt; ISO 8601. */
  readonly timeout?: string;
  readonly deadLetterSink?: Destination;
}

/** Thirteen attempts over about 34 minutes: kcp may be away for as long. On the NATS broker a Trigger without any of this
 *  is tried once. */
export const defaultDelivery = {
  retry: 12,
  backoffPolicy: "exponential",
  backoffDelay: "PT0.5S",
  timeout: "PT2M",
} as const satisfies DeliverySpec;
