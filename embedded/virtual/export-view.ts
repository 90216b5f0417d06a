import { type Attributes, allowed, denied } from "../access/attributes.ts";
import type { Authorizer } from "../access/authorizer.ts";
import { selectorOf } from "../api/label-selector.ts";
import type { View } from "../api/view.ts";
import type { System } from "../controllers/system.ts";
import { asArray, asObject, asString, at, type Json, type JsonObject } from "../json.ts";
import { clusterOf, type Obj } from "../object.ts";
import { bindingStorage, exportStorage, isNamed } from "../resources/catalog.ts";
import type { ResourceType } from "../resources/resource-type.ts";

interface Parts {
  readonly system: System;
  readonly authorizer: Authorizer;
  /** Cluster id and name of the APIExport. */
  readonly cluster: string;
  readonly name: string;
}

/** What the provider of an APIExport sees: the objects of its own types wherever they are bound, those that it claims
 *  where the claim is accepted, and always the bindings to its export. */
export function exportView({ system, authorizer, cluster: home, name }: Parts): View {
  const { store, catalog } = system;
  const apiExport = () => store.get(exportStorage, home, name);
  const bindings = catalog.builtIn("apis.kcp.io", "apibindings");

  const own = (): readonly ResourceType[] => {
    const identityHash = asString(at(apiExport()?.status, "identityHash"));
    const by = { identityHash, exportCluster: home, exportName: name };
    return asArray(at(apiExport()?.spec, "resources")).flatMap((entry) => {
      const schema = store.get("apiresourceschemas.apis.kcp.io", home, asString(at(entry, "schema")));
      return schema ? [catalog.typeOf(schema, by)] : [];
    });
  };
  const claimed = (): readonly ResourceType[] =>
    asArray(at(apiExport()?.spec, "permissionClaims")).flatMap((claim) => claimedType(system, claim) ?? []);
  const types = (): readonly ResourceType[] => {
    const all = [...own(), ...claimed(), ...(bindings ? [bindings] : [])];
    return [...new Map(all.map((type) => [type.storage, type])).values()];
  };

  /** The binding of a cluster to this export, and what it lets the provider see of a type. */
  const bindingIn = (cluster: string): Obj | undefined => {
    for (const binding of store.list(bindingStorage, cluster)) if (isToExport(binding, home, name)) return binding;
    return undefined;
  };
  const isOwn = ({ binding }: ResourceType) => binding?.exportCluster === home && binding.exportName === name;

  /** Whether a cluster lets the provider see anything of a type. */
  const isServed = ({ cluster, group, resource }: Attributes): boolean => {
    const binding = bindingIn(cluster);
    const type = types().find((each) => isNamed(each, group, resource));
    if (!binding || !type) return false;
    if (isOwn(type) || type.storage === bindingStorage) return true;
    return acceptedClaims(binding).some((claim) => isClaimOf(claim, type));
  };

  return {
    prefix: `/services/apiexport/${home}/${name}`,
    broken: () => (apiExport() ? undefined : `API export not found: apiexport.apis.kcp.io "${name}" not found`),
    types,
    find: (_cluster, group, plural) => types().find((type) => isNamed(type, group, plural)),
    shows(type, object) {
      const binding = bindingIn(clusterOf(object));
      if (!binding) return false;
      if (isOwn(type)) return true;
      if (type.storage === bindingStorage && isToExport(object, home, name)) return true;
      return acceptedClaims(binding).some((claim) => isClaimOf(claim, type) && selects(claim, object));
    },
    authorize(attributes) {
      const { user, verb, cluster, path } = attributes;
      const right = { group: "apis.kcp.io", resource: "apiexports", subresource: "content", name };
      if (!apiExport() || !authorizer.may(user, home, { ...right, verb })) return denied();
      return path !== undefined || cluster === "*" || isServed(attributes) ? allowed : denied();
    },
    prepare(type, cluster, input) {
      if (isOwn(type)) return input;
      const binding = bindingIn(cluster);
      const claim = binding && acceptedClaims(binding).find((each) => isClaimOf(each, type));
      return labelled(input, asObject(at(claim, "selector", "matchLabels")));
    },
  };
}

const isToExport = (binding: Obj, cluster: string, name: string): boolean =>
  at(binding.status, "apiExportClusterName") === cluster && at(binding.spec, "reference", "export", "name") === name;

/** Claims that the export makes and the binding has accepted. */
const acceptedClaims = (binding: Obj): readonly Json[] => asArray(at(binding.status, "appliedPermissionClaims"));

function isClaimOf(claim: Json, { group, plural, binding }: ResourceType): boolean {
  const identityHash = asString(at(claim, "identityHash"));
  return (
    asString(at(claim, "group")) === group &&
    at(claim, "resource") === plural &&
    identityHash === (binding?.identityHash ?? "")
  );
}

function selects(claim: Json, object: Obj): boolean {
  const selector = asObject(at(claim, "selector"));
  if (selector.matchAll === true) return true;
  const isEmpty = selector.matchLabels === undefined && selector.matchExpressions === undefined;
  return !isEmpty && selectorOf(selector)(object);
}

/** What the provider makes carries the labels by which it may see it. */
function labelled(input: JsonObject, labels: JsonObject): JsonObject {
  if (Object.keys(labels).length === 0) return input;
  const metadata = asObject(input.metadata);
  return { ...input, metadata: { ...metadata, labels: { ...asObject(metadata.labels), ...labels } } };
}

/** The claimed type: built in, or of the export whose identity the claim names. */
function claimedType(system: System, claim: Json): ResourceType | undefined {
  const group = asString(at(claim, "group"));
  const plural = asString(at(claim, "resource"));
  const identityHash = asString(at(claim, "identityHash"));
  if (!identityHash) return system.catalog.builtIn(group, plural);
  for (const apiExport of system.store.list(exportStorage)) {
    if (at(apiExport.status, "identityHash") !== identityHash) continue;
    for (const entry of asArray(at(apiExport.spec, "resources"))) {
      if (at(entry, "group") !== group || at(entry, "name") !== plural) continue;
      const cluster = clusterOf(apiExport);
      const schema = system.store.get("apiresourceschemas.apis.kcp.io", cluster, asString(at(entry, "schema")));
      const by = { identityHash, exportCluster: cluster, exportName: apiExport.metadata.name };
      return schema && system.catalog.typeOf(schema, by);
    }
  }
  return undefined;
}
