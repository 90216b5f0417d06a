import { z } from "zod";

const reference = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  name: z.string(),
  namespace: z.string().optional(),
});
const destination = z.looseObject({ ref: reference.optional(), uri: z.string().optional() });
const delivery = z.looseObject({
  retry: z.number().optional(),
  backoffPolicy: z.enum(["linear", "exponential"]).optional(),
  backoffDelay: z.string().optional(),
  timeout: z.string().optional(),
  retryAfterMax: z.string().optional(),
  format: z.enum(["json", "binary"]).optional(),
  deadLetterSink: destination.optional(),
});
const metadata = z.looseObject({
  name: z.string(),
  namespace: z.string(),
  uid: z.string(),
  generation: z.number().default(0),
  annotations: z.record(z.string(), z.string()).default({}),
  deletionTimestamp: z.string().optional(),
});

/** A Broker in a cluster. */
export const brokerResource = z.looseObject({
  metadata,
  spec: z.looseObject({ delivery: delivery.optional() }).default({}),
  status: z.looseObject({}).optional(),
});
/** A Trigger in a cluster. */
export const triggerResource = z.looseObject({
  metadata,
  spec: z.looseObject({
    broker: z.string(),
    filter: z.looseObject({ attributes: z.record(z.string(), z.string()).optional() }).optional(),
    filters: z.array(z.looseObject({})).optional(),
    subscriber: destination,
    delivery: delivery.optional(),
  }),
  status: z.looseObject({}).optional(),
});
export type BrokerResource = z.infer<typeof brokerResource>;
export type TriggerResource = z.infer<typeof triggerResource>;

/** As Kafka's Broker names it, the only published one that knows of order. */
export const orderAnnotation = "kafka.eventing.knative.dev/delivery.order";
