import { load } from "js-yaml";
import { asObject, asString, isObject, type Json, type JsonObject } from "../json.ts";
import { coreTypes } from "../resources/core-types.ts";
import { apiVersionOf, type ResourceType } from "../resources/resource-type.ts";
import { badRequest, invalid, type StatusError, unsupportedMediaType } from "../status-error.ts";
import type { Target } from "./target.ts";

const json = "application/json";
const yaml = "application/yaml";
const accepted = [json, yaml, "application/vnd.kubernetes.protobuf"];

/** The value in a body; `undefined` for an empty one. */
export function parseBody(body: string, contentType: string, what: string): unknown {
  if (body.trim() === "") return undefined;
  const type = contentType.split(";")[0]?.trim() || json;
  if (type !== json && type !== yaml) throw unsupportedMediaType(accepted);
  if (type === yaml) return parseYaml(body);
  return parseJson(body, (why) => unrecognized(what, `couldn't get version/kind; json parse error: ${why}`));
}

/** Throws what `refused` makes of the reason. */
export function parseJson(text: string, refused: (why: string) => StatusError): Json {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw refused(why);
  }
}

const unrecognized = (what: string, why: string) =>
  badRequest(`the object provided is unrecognized (must be of type ${what}): ${why}`);

/** An object of the target's type, as sent to be created or replaced. */
export function decodeObject({ type, version }: Target, value: unknown): JsonObject {
  const noObject = (why: string) => unrecognized(type.kind, `couldn't get version/kind; json parse error: ${why}`);
  if (value === undefined) throw noObject("unexpected end of JSON input (<empty>)");
  if (!isObject(value)) throw noObject("json: cannot unmarshal this value into an object");
  const given = asString(value.kind);
  const wanted = apiVersionOf(type.group, version.name);
  if (type.isNative) return decodeNative({ type, version }, value);
  if (!given) {
    const shown = JSON.stringify(value);
    throw unrecognized(type.kind, `Object 'Kind' is missing in '${shown}' (${shortened(shown)})`);
  }
  if (value.apiVersion !== wanted) throw wrongVersion(value, wanted);
  if (given !== type.kind) throw wrongKind(type, value);
  return value;
}

const shortened = (text: string): string => (text.length > 30 ? `${text.slice(0, 30)} ...` : text);

const wrongVersion = ({ apiVersion }: JsonObject, wanted: string) =>
  badRequest(
    `the API version in the data (${asString(apiVersion)}) does not match the expected API version (${wanted})`,
  );

/** An object whose kind is not that of its type. */
export function wrongKind(type: ResourceType, { kind, metadata }: JsonObject): StatusError {
  const message = `Invalid value: "${asString(kind)}": must be ${type.kind}`;
  return invalid({ ...type, kind: asString(kind) }, asString(asObject(metadata).name), [
    { reason: "FieldValueInvalid", message, field: "kind" },
  ]);
}

const nativeKinds = new Set(
  coreTypes.map(({ group, storageVersion, kind }) => `${apiVersionOf(group, storageVersion)} ${kind}`),
);

/** `v1.Secret` as it is sent, `core.Secret` as Kubernetes has it inside. */
const goName = ({ group }: ResourceType, version: string, kind: string): string =>
  `${version || group.split(".")[0] || "core"}.${kind}`;

/** Types of Kubernetes are known without being named. */
function decodeNative({ type, version }: Pick<Target, "type" | "version">, value: JsonObject): JsonObject {
  const wanted = apiVersionOf(type.group, version.name);
  const { apiVersion = wanted, kind = type.kind } = value;
  if (apiVersion !== wanted) throw wrongVersion(value, wanted);
  if (kind === type.kind) return { ...value, apiVersion, kind };
  const why = nativeKinds.has(`${wanted} ${asString(kind)}`)
    ? `converting (${goName(type, version.name, asString(kind))}) to (${goName(type, "", type.kind)}): unknown conversion`
    : `no kind "${asString(kind)}" is registered for version "${wanted}" in scheme "embedded"`;
  throw badRequest(`${asString(kind)} in version "${version.name}" cannot be handled as a ${type.kind}: ${why}`);
}

export function parseYaml(body: string): unknown {
  try {
    return load(body);
  } catch (cause) {
    throw badRequest(`error decoding YAML: ${cause instanceof Error ? cause.message : cause}`);
  }
}
