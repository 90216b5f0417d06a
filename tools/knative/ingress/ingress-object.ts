import { z } from "zod";

/** The part of an Ingress of Knative (networking.internal.knative.dev/v1alpha1) that says where requests go. */
const backend = z.looseObject({
  serviceNamespace: z.string(),
  serviceName: z.string(),
  servicePort: z.union([z.number(), z.string()]),
});
const headers = z.record(z.string(), z.string());
const path = z.looseObject({
  path: z.string().optional(),
  rewriteHost: z.string().optional(),
  headers: z.record(z.string(), z.looseObject({ exact: z.string() })).optional(),
  splits: z.array(backend.extend({ percent: z.number().optional(), appendHeaders: headers.optional() })),
  appendHeaders: headers.optional(),
});
const rule = z.looseObject({ hosts: z.array(z.string()).default([]), http: z.looseObject({ paths: z.array(path) }) });

export const ingress = z.looseObject({
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string(),
    generation: z.number().default(0),
    annotations: headers.default({}),
  }),
  spec: z.looseObject({ rules: z.array(rule).default([]) }),
  status: z.looseObject({ observedGeneration: z.number().optional() }).optional(),
});

export type Backend = z.infer<typeof backend>;
export type Path = z.infer<typeof path>;
export type Ingress = z.infer<typeof ingress>;
