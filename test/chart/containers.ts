import { z } from "zod";
import type { ChartObject } from "./helm.ts";

const containerSchema = z.looseObject({
  name: z.string(),
  image: z.string(),
  args: z.array(z.string()).default([]),
  env: z.array(z.looseObject({ name: z.string(), value: z.string().optional() })).default([]),
  ports: z.array(z.looseObject({ name: z.string(), containerPort: z.number() })).default([]),
  volumeMounts: z.array(z.looseObject({ name: z.string(), mountPath: z.string() })).default([]),
  securityContext: z.looseObject({}).default({}),
});
const podSchema = z.looseObject({
  initContainers: z.array(containerSchema).default([]),
  containers: z.array(containerSchema),
  volumes: z.array(z.looseObject({ name: z.string() })).default([]),
});
const withTemplate = z.looseObject({ spec: z.looseObject({ template: z.looseObject({ spec: podSchema }) }) });

export type Container = z.infer<typeof containerSchema>;
export type Pod = z.infer<typeof podSchema>;

/** What an object makes pods of; `undefined` for one that makes none. */
export const podOf = (object: ChartObject): Pod | undefined => withTemplate.safeParse(object).data?.spec.template.spec;

/** Every container of some objects, with whose it is. */
export const containersOf = (objects: readonly ChartObject[]): readonly (Container & { readonly of: string })[] =>
  objects.flatMap((object) => {
    const { initContainers = [], containers = [] } = podOf(object) ?? {};
    const of = `${object.kind} ${object.metadata.name}`;
    return [...initContainers, ...containers].map((container) => ({ ...container, of }));
  });
