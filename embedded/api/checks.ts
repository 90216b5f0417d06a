import type { JsonObject } from "../json.ts";
import type { Obj } from "../object.ts";
import type { ResourceType } from "../resources/resource-type.ts";
import { validateMetadata } from "../schema/metadata.ts";
import { validate, validateObject, withUnchecked } from "../schema/validate.ts";
import { badRequest, type Cause, type StatusError } from "../status-error.ts";
import type { Target } from "./target.ts";

/** What is wrong with the content of an object. */
export function contentCauses(
  { type, version, subresource }: Target,
  object: Obj,
  before: JsonObject | undefined,
): readonly Cause[] {
  // Of a write to /status only that is looked at.
  const { status } = version.schema.properties ?? {};
  if (subresource === "status" && status) {
    const causes = validate(status, object.status, "", before?.status);
    const below = causes.map((cause) => ({ ...cause, field: cause.field ? `status.${cause.field}` : "status" }));
    return withUnchecked(version.schema, below);
  }
  // Of types that are built into Kubernetes the rules are no part of the schema.
  const check = type.isNative ? validate(version.schema, object, "", before) : undefined;
  const causes = check ?? validateObject(version.schema, object, before);
  const wrongType = causes.find(({ reason }) => reason === "FieldValueTypeInvalid");
  if (type.isNative && wrongType) throw undecodable(type, version.name, wrongType);
  return causes;
}

/** What is wrong with its metadata; how names are checked depends on the type. */
export function metadataCauses(type: ResourceType, object: Obj): readonly Cause[] {
  const isPath = type.group === "rbac.authorization.k8s.io";
  const rule = isPath ? "path" : type.kind === "Namespace" ? "label" : "subdomain";
  return validateMetadata(object.metadata, rule);
}

/** Types built into Kubernetes are decoded before they are checked. */
function undecodable({ kind }: ResourceType, version: string, { field, message }: Cause): StatusError {
  const [, wanted = "", found = ""] = /must be of type ([a-z-]+): "([^"]*)"$/.exec(message) ?? [];
  const path = field.split(".").slice(0, -1).join(".") || field;
  const why =
    wanted === "byte"
      ? `illegal base64 data at input byte ${Math.max(0, found.search(/[^A-Za-z0-9+/=\r\n]/))}`
      : `json: cannot unmarshal ${found.replace("integer", "number")} into Go struct field ${kind}.${path} of type ${wanted}`;
  return badRequest(`${kind} in version "${version}" cannot be handled as a ${kind}: ${why}`);
}
