import { asArray, asObject, asString, at, type Json, strings } from "../json.ts";
import type { Obj } from "../object.ts";
import type { Schema } from "../schema/schema.ts";
import type { Store } from "../store/store.ts";
import { coreTypes } from "./core-types.ts";
import { systemTypes } from "./kcp-types.ts";
import { type BoundBy, type Column, type ResourceType, storageOf } from "./resource-type.ts";

export const bindingStorage = storageOf("apis.kcp.io", "apibindings");
export const schemaStorage = storageOf("apis.kcp.io", "apiresourceschemas");
export const exportStorage = storageOf("apis.kcp.io", "apiexports");

const builtIn = new Map([...coreTypes, ...systemTypes].map((type) => [type.storage, type]));

/** Which types are served where: those built in everywhere, those of an APIExport where an APIBinding takes them in. */
export class Catalog {
  readonly #store: Store;
  readonly #parsed = new WeakMap<Obj, Map<string, ResourceType>>();

  constructor(store: Store) {
    this.#store = store;
  }

  find(cluster: string, group: string, plural: string): ResourceType | undefined {
    return builtIn.get(storageOf(group, plural)) ?? this.#bound(cluster).find((type) => isNamed(type, group, plural));
  }

  /** All types that a cluster serves. */
  all(cluster: string): readonly ResourceType[] {
    return [...builtIn.values(), ...this.#bound(cluster)];
  }

  builtIn(group: string, plural: string): ResourceType | undefined {
    return builtIn.get(storageOf(group, plural));
  }

  /** The types of one binding that are served already. */
  boundBy(binding: Obj): readonly ResourceType[] {
    const exportCluster = asString(at(binding.status, "apiExportClusterName"));
    const exportName = asString(at(binding.spec, "reference", "export", "name"));
    return asArray(at(binding.status, "boundResources")).flatMap((resource) => {
      const schema = this.#store.get(schemaStorage, exportCluster, asString(at(resource, "schema", "name")));
      const identityHash = asString(at(resource, "schema", "identityHash"));
      return schema ? [this.typeOf(schema, { identityHash, exportCluster, exportName })] : [];
    });
  }

  /** The type that a schema describes, as an export with this identity serves it. */
  typeOf(schema: Obj, by: BoundBy): ResourceType {
    const known = this.#parsed.get(schema) ?? new Map<string, ResourceType>();
    this.#parsed.set(schema, known);
    const found = known.get(by.identityHash) ?? parseType(schema, by);
    known.set(by.identityHash, found);
    return found;
  }

  #bound(cluster: string): readonly ResourceType[] {
    return [...this.#store.list(bindingStorage, cluster)].flatMap((binding) => this.boundBy(binding));
  }
}

export const isNamed = (type: ResourceType, group: string, plural: string): boolean =>
  type.group === group && type.plural === plural;

function parseType({ spec }: Obj, binding: BoundBy): ResourceType {
  const group = asString(at(spec, "group"));
  const names = asObject(at(spec, "names"));
  const kind = asString(names.kind);
  const plural = asString(names.plural);
  const versions = asArray(at(spec, "versions"));
  const stored = versions.find((version) => at(version, "storage") === true);
  return {
    group,
    plural,
    singular: asString(names.singular) || kind.toLowerCase(),
    kind,
    listKind: asString(names.listKind) || `${kind}List`,
    shortNames: strings(names.shortNames),
    categories: strings(names.categories),
    namespaced: at(spec, "scope") === "Namespaced",
    storage: storageOf(group, plural, binding.identityHash),
    storageVersion: asString(at(stored, "name")),
    versions: versions.filter((version) => at(version, "served") === true).map(parseVersion),
    isNative: false,
    binding,
  };
}

function parseVersion(version: Json) {
  const columns = asArray(at(version, "additionalPrinterColumns"));
  return {
    name: asString(at(version, "name")),
    schema: asObject(at(version, "schema")) as Schema,
    columns: columns.length > 0 ? (columns as unknown as readonly Column[]) : [defaultColumn],
    hasStatus: at(version, "subresources", "status") !== undefined,
  };
}

const defaultColumn: Column = { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" };
