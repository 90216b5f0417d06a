import { asArray, asObject, asString, at, type Json, type JsonObject } from "../json.ts";
import type { Obj } from "../object.ts";

/** APIBindings and APIExports are stored as v1alpha2; v1alpha1 says the same about claims in other words. */
export function convertBinding(object: Obj, to: string): Obj {
  const spec = claimsIn(asObject(object.spec), ["permissionClaims"], to);
  if (object.status === undefined) return { ...object, spec };
  const status = claimsIn(asObject(object.status), ["appliedPermissionClaims", "exportPermissionClaims"], to);
  return { ...object, spec, status };
}

export function convertExport(object: Obj, to: string): Obj {
  const { resources, latestResourceSchemas, ...rest } = claimsIn(asObject(object.spec), ["permissionClaims"], to);
  if (to === "v1alpha1") {
    const names = asArray(resources).map((entry) => asString(at(entry, "schema")));
    return { ...object, spec: { ...rest, ...(names.length > 0 && { latestResourceSchemas: names }) } };
  }
  const entries = asArray(latestResourceSchemas).map((name) => resourceOf(asString(name)));
  return { ...object, spec: { ...rest, ...(entries.length > 0 && { resources: entries }) } };
}

/** A schema is named `<version>.<plural>.<group>`. */
function resourceOf(schema: string): Json {
  const [, name = "", ...group] = schema.split(".");
  return { group: group.join("."), name, schema, storage: { crd: {} } };
}

function claimsIn(holder: JsonObject, fields: readonly string[], to: string): JsonObject {
  const converted = fields
    .filter((field) => holder[field] !== undefined)
    .map((field) => [field, asArray(holder[field]).map((claim) => convertClaim(asObject(claim), to))] as const);
  return { ...holder, ...Object.fromEntries(converted) };
}

function convertClaim(claim: JsonObject, to: string): Json {
  if (to === "v1alpha1") {
    const { verbs: _verbs, selector, defaultSelector: _default, group, identityHash, ...rest } = claim;
    const isAll = at(selector, "matchAll") === true;
    return { ...rest, ...(group && { group }), ...(identityHash && { identityHash }), ...(isAll && { all: true }) };
  }
  const { all: _all, resourceSelector: _resources, ...rest } = claim;
  // Only the acceptance of a claim, in a binding, selects.
  return {
    group: "",
    identityHash: "",
    ...rest,
    verbs: ["*"],
    ...(rest.state !== undefined && { selector: { matchAll: true } }),
  };
}
