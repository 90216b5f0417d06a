import type { Json } from "../json.ts";
import type { Obj } from "../object.ts";
import type { Schema } from "../schema/schema.ts";

/** A column of `kubectl get`. */
export interface Column {
  readonly name: string;
  /** Besides the types of Kubernetes, `count` of the entries of a value, and `since` for a time that is told as text. */
  readonly type: string;
  readonly jsonPath?: string;
  /** What the cell says, where no path leads to it. */
  readonly text?: (object: Obj) => Json;
  readonly priority?: number;
  readonly format?: string;
  readonly description?: string;
}
export interface Version {
  readonly name: string;
  readonly schema: Schema;
  readonly columns: readonly Column[];
  /** Status is written apart from the rest. */
  readonly hasStatus: boolean;
}
/** A type of objects as it is served in a logical cluster. */
export interface ResourceType {
  readonly group: string;
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly listKind: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  /** Where its objects are kept; types of different providers never mix. */
  readonly storage: string;
  readonly storageVersion: string;
  /** Preferred first. */
  readonly versions: readonly Version[];
  /** Built into Kubernetes: takes strategic merge patches, and is served in every cluster. */
  readonly isNative: boolean;
  /** Identity of the export that brings it, for a bound type. */
  readonly binding?: BoundBy;
  /** From one version to another; objects that differ in nothing but apiVersion need none. */
  readonly convert?: (object: Obj, to: string) => Obj;
}
export interface BoundBy {
  readonly identityHash: string;
  readonly exportCluster: string;
  readonly exportName: string;
}

export const apiVersionOf = (group: string, version: string): string => (group ? `${group}/${version}` : version);

/** Where objects of a type are kept: of a bound type one place for each identity. */
export const storageOf = (group: string, plural: string, identityHash = ""): string =>
  `${plural}.${group || "core"}${identityHash && `:${identityHash}`}`;

export function versionOf(type: ResourceType, name: string): Version | undefined {
  return type.versions.find((version) => version.name === name);
}

/** An object as clients of one version see it. */
export function asVersion(type: ResourceType, object: Obj, version: string): Obj {
  const apiVersion = apiVersionOf(type.group, version);
  if (object.apiVersion === apiVersion) return object;
  return { ...(type.convert?.(object, version) ?? object), apiVersion };
}
