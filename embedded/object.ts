import type { Json, JsonObject } from "./json.ts";

export type OwnerReference = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
};
/** Which fields one manager set, for server-side apply. */
export type ManagedFields = {
  readonly manager: string;
  readonly operation: string;
  readonly apiVersion: string;
  readonly time?: string;
  readonly fieldsType: string;
  readonly fieldsV1: JsonObject;
  readonly subresource?: string;
};
export type Meta = {
  readonly name: string;
  readonly namespace?: string;
  readonly generateName?: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation?: number;
  readonly creationTimestamp: string;
  readonly deletionTimestamp?: string;
  readonly deletionGracePeriodSeconds?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  readonly ownerReferences?: readonly OwnerReference[];
  readonly managedFields?: readonly ManagedFields[];
};
/** An object as it is stored. */
export type Obj = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Meta;
  readonly [field: string]: Json | undefined;
};

/** Says in which logical cluster an object is; every stored object carries it. */
export const clusterAnnotation = "kcp.io/cluster";
export const pathAnnotation = "kcp.io/path";

export const clusterOf = ({ metadata }: Obj): string => metadata.annotations?.[clusterAnnotation] ?? "";
/** What tells an object from others of its type in one cluster. */
export const keyOf = ({ metadata: { name, namespace } }: Obj): string => keyFor(name, namespace);
export const keyFor = (name: string, namespace?: string): string => (namespace ? `${namespace}/${name}` : name);

/** A copy with other metadata; what is `undefined` is taken away. */
export function withMeta(object: Obj, changes: { readonly [K in keyof Meta]?: Meta[K] | undefined }): Obj {
  const merged = Object.entries({ ...object.metadata, ...changes }).filter(([, value]) => value !== undefined);
  return { ...object, metadata: Object.fromEntries(merged) as Meta };
}

export const withAnnotation = (object: Obj, name: string, value: string): Obj =>
  withMeta(object, { annotations: { ...object.metadata.annotations, [name]: value } });
export const withLabel = (object: Obj, name: string, value: string): Obj =>
  withMeta(object, { labels: { ...object.metadata.labels, [name]: value } });

/** Kubernetes writes times without fractions of a second. */
export const timestamp = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
