import { withMetadata } from "../apply/typed.ts";
import { asObject, asString, isArray, isObject, type Json, type JsonObject } from "../json.ts";
import { apiVersionOf } from "../resources/resource-type.ts";
import type { Schema } from "../schema/schema.ts";
import { prune } from "../schema/shape.ts";
import { badRequest, StatusError } from "../status-error.ts";
import { parseYaml } from "./decode.ts";
import type { Target } from "./target.ts";

/** A configuration to be applied to the object of this name, as YAML or JSON. */
export function decodeApplied({ type, version }: Target, name: string, body: string): JsonObject {
  const given = asObject(parseYaml(body) as Json);
  const { apiVersion, kind } = given;
  if (apiVersion !== apiVersionOf(type.group, version.name) || kind !== type.kind) {
    throw badRequest(`invalid object type: ${inGo(asString(apiVersion))}, Kind=${asString(kind)}`);
  }
  const found = asString(asObject(given.metadata).name);
  if (found && found !== name) {
    throw badRequest(`the name of the object (${found}) does not match the name on the URL (${name})`);
  }
  return given;
}

/** The core group has an empty name. */
const inGo = (apiVersion: string): string => (apiVersion.includes("/") ? apiVersion : `/${apiVersion}`);

/** What is applied through a subresource is about that alone, and status through nothing else. */
export function ownPart({ version, subresource }: Target, given: JsonObject): JsonObject {
  const { apiVersion, kind, metadata, status, ...wanted } = given;
  if (subresource === "status") return { apiVersion, kind, metadata: {}, ...(status !== undefined && { status }) };
  const { resourceVersion: _version, uid: _uid, ...meta } = asObject(metadata);
  const keepsStatus = !version.hasStatus && status !== undefined;
  return { apiVersion, kind, metadata: meta, ...wanted, ...(keepsStatus && { status }) };
}

/** Every field of an applied configuration has to be known, and of the right type. */
export function requireTyped({ type, version }: Target, name: string, applied: JsonObject): void {
  const refused = (path: string, why: string) => {
    const namespace = asString(asObject(applied.metadata).namespace);
    const kind = `${inGo(apiVersionOf(type.group, version.name))}, Kind=${type.kind}`;
    const message = `failed to create typed patch object (${namespace}/${name}; ${kind}): .${path}: ${why}`;
    return new StatusError(message, { code: 500, reason: "" });
  };
  const schema = withMetadata(version.schema);
  const { apiVersion: _version, kind: _kind, ...content } = applied;
  const text = findUntyped(schema, content);
  if (text)
    throw refused(text.path, `expected string, got &value.valueUnstructured{Value:${JSON.stringify(text.value)}}`);
  const unknown: string[] = [];
  prune(schema, content, "", (path) => unknown.push(path));
  const [undeclared] = unknown.filter((path) => !path.startsWith("metadata."));
  if (undeclared !== undefined) throw refused(undeclared, "field not declared in schema");
}

/** The first value that is a structure where the schema has a text. */
function findUntyped(
  schema: Schema,
  value: Json,
  path = "",
): { readonly path: string; readonly value: Json } | undefined {
  if (schema.type === "string" && (isObject(value) || isArray(value))) return { path, value };
  if (!isObject(value)) return undefined;
  for (const [name, child] of Object.entries(value)) {
    const known = schema.properties?.[name];
    const found = known && child !== undefined && findUntyped(known, child, path ? `${path}.${name}` : name);
    if (found) return found;
  }
  return undefined;
}
