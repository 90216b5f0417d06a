import { load } from "js-yaml";
import { asObject, asString, isObject, type JsonObject } from "../json.ts";
import { apiVersionOf } from "../resources/resource-type.ts";
import { badRequest, invalid, unsupportedMediaType } from "../status-error.ts";
import type { Target } from "./target.ts";

const json = "application/json";
const yaml = "application/yaml";
const accepted = [json, yaml, "application/vnd.kubernetes.protobuf"];

/** The value in a body; `undefined` for an empty one. */
export function parseBody(body: string, contentType: string, what: string): unknown {
  if (body.trim() === "") return undefined;
  const type = contentType.split(";")[0]?.trim() || json;
  if (type !== json && type !== yaml) throw unsupportedMediaType(accepted);
  try {
    return type === yaml ? load(body) : JSON.parse(body);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw badRequest(
      `the object provided is unrecognized (must be of type ${what}): couldn't get version/kind; json parse error: ${why}`,
    );
  }
}

/** An object of the target's type, as sent to be created or replaced. */
export function decodeObject(target: Target, value: unknown): JsonObject {
  const { type, version } = target;
  const wanted = apiVersionOf(type.group, version.name);
  const unrecognized = (why: string) =>
    badRequest(`the object provided is unrecognized (must be of type ${type.kind}): ${why}`);
  const noObject = (why: string) => unrecognized(`couldn't get version/kind; json parse error: ${why}`);
  if (value === undefined) throw noObject("unexpected end of JSON input (<empty>)");
  if (!isObject(value)) throw noObject("json: cannot unmarshal this value into an object");
  const shown = JSON.stringify(value);
  if (!asString(value.kind)) throw unrecognized(`Object 'Kind' is missing in '${shown}' (${shown})`);
  if (!asString(value.apiVersion)) throw unrecognized(`Object 'apiVersion' is missing in '${shown}' (${shown})`);
  if (value.apiVersion !== wanted) {
    throw badRequest(
      `the API version in the data (${asString(value.apiVersion)}) does not match the expected API version (${wanted})`,
    );
  }
  if (value.kind !== type.kind) {
    const message = `Invalid value: "${asString(value.kind)}": must be ${type.kind}`;
    throw invalid({ ...type, kind: asString(value.kind) }, asString(asObject(value.metadata).name), [
      { reason: "FieldValueInvalid", message, field: "kind" },
    ]);
  }
  return value;
}
