import { randomBytes, randomUUID } from "node:crypto";
import { asObject, asString, isArray, isObject, type Json, type JsonObject } from "../json.ts";
import { clusterAnnotation, type Meta, type Obj, timestamp } from "../object.ts";
import { apiVersionOf } from "../resources/resource-type.ts";
import { pruneMetadata, unreadable } from "../schema/metadata.ts";
import { prune, withDefaults } from "../schema/shape.ts";
import { badRequest, invalid, type StatusError } from "../status-error.ts";
import type { Target } from "./target.ts";
import type { WriteOptions } from "./write-options.ts";

/** Defaults filled in, and what nobody knows taken away. */
export function shape(
  { type, version }: Target,
  given: JsonObject,
  options: WriteOptions,
  warnings: string[],
): JsonObject {
  const unknown: string[] = [];
  const { metadata, apiVersion: _version, kind: _kind, ...content } = given;
  const what = `${type.kind} in version "${version.name}" cannot be handled as a ${type.kind}`;
  const why = unreadable(metadata);
  if (why) throw badRequest(`${what}: ${why}`);
  const pruned = prune(version.schema, content, "", (path) => unknown.push(path));
  const meta = pruneMetadata(asObject(metadata), (path) => unknown.push(path));
  const said = [
    ...(options.duplicates ?? []).map((path) => `duplicate field "${path}"`),
    ...unknown.sort().map((path) => `unknown field "${path}"`),
  ];
  if (said.length > 0 && options.validation === "Strict") {
    const strict = `strict decoding error: ${said.join(", ")}`;
    throw options.isPatch ? wrongPatch(given, strict) : badRequest(`${what}: ${strict}`);
  }
  if (options.validation === "Warn") warnings.push(...said);
  return { ...asObject(withDefaults(version.schema, pruned)), metadata: meta };
}

/** kcp shows the whole object that a patch would make. */
function wrongPatch(made: JsonObject, why: string): StatusError {
  const message = `Invalid value: ${JSON.stringify(JSON.stringify(inOrder(made)))}: ${why}`;
  const nothing = { group: "", plural: "", kind: "" };
  return invalid(nothing, "", [{ reason: "FieldValueInvalid", message, field: "patch" }]);
}

/** With sorted keys, as Go writes them. */
function inOrder(value: Json): Json {
  if (isArray(value)) return value.map(inOrder);
  if (!isObject(value)) return value;
  const names = Object.keys(value).filter((name) => value[name] !== undefined);
  return Object.fromEntries(names.sort().map((name) => [name, inOrder(value[name] ?? null)]));
}

/** An object as it is to be stored first. */
export function newObject({ type, version, cluster, namespace }: Target, shaped: JsonObject, now: number): Obj {
  const { status, ...wanted } = shaped;
  const meta = asObject(shaped.metadata);
  const prefix = asString(meta.generateName);
  const name = asString(meta.name) || (prefix && prefix + randomSuffix());
  if (!name) {
    const message = "Required value: name or generateName is required";
    throw invalid(type, "", [{ reason: "FieldValueRequired", message, field: "metadata.name" }]);
  }
  const given = asString(meta.namespace);
  if (given && given !== namespace && type.namespaced) {
    throw badRequest(`the namespace of the provided object does not match the namespace sent on the request`);
  }
  const isCounted = !type.isNative || type.group === "admissionregistration.k8s.io";
  const { generateName, labels, finalizers, ownerReferences, managedFields } = meta;
  const kept = present({ generateName, labels, finalizers, ownerReferences, managedFields });
  const metadata = {
    ...kept,
    name,
    ...(namespace !== undefined && type.namespaced && { namespace }),
    uid: randomUUID(),
    creationTimestamp: timestamp(now),
    ...(isCounted && { generation: 1 }),
    annotations: { ...asObject(meta.annotations), [clusterAnnotation]: cluster },
  };
  const keepsStatus = !version.hasStatus && status !== undefined;
  // Status is for those who observe; what the schema itself puts there stays.
  const defaulted = version.hasStatus ? defaultStatus(version.schema) : undefined;
  return {
    ...wanted,
    ...(keepsStatus && { status }),
    ...(defaulted !== undefined && { status: defaulted }),
    apiVersion: apiVersionOf(type.group, version.name),
    kind: type.kind,
    metadata: metadata as unknown as Meta,
  };
}

/** What may change: by the main resource everything but status, by `/status` only that. */
export function nextObject({ type, version, subresource }: Target, present: JsonObject, shaped: JsonObject): Obj {
  const before = present as Obj;
  const given = asObject(shaped.metadata) as unknown as Partial<Meta>;
  const { uid, creationTimestamp, generation, deletionTimestamp, deletionGracePeriodSeconds } = before.metadata;
  const { namespace, name, generateName, resourceVersion } = before.metadata;
  const fixed = Object.fromEntries(
    Object.entries({
      ...{ uid, creationTimestamp, generation, deletionTimestamp, deletionGracePeriodSeconds },
      ...{ namespace, name, generateName, resourceVersion },
    }).filter(([, value]) => value !== undefined),
  );
  const identity = { apiVersion: apiVersionOf(type.group, version.name), kind: type.kind };
  const { managedFields } = given;
  if (subresource === "status") {
    const metadata = { ...before.metadata, ...(managedFields && { managedFields }) };
    return withoutAbsent({ ...before, ...identity, status: shaped.status, metadata });
  }
  const { finalizers, labels, annotations, ownerReferences } = given;
  const metadata = {
    ...fixed,
    ...(labels && { labels }),
    ...(annotations && { annotations }),
    ...(finalizers?.length && { finalizers }),
    ...(ownerReferences?.length && { ownerReferences }),
    ...(managedFields && { managedFields }),
  } as unknown as Meta;
  const status = version.hasStatus ? before.status : shaped.status;
  return withoutAbsent({ ...shaped, ...identity, status, metadata });
}

/** The status that a schema gives to an object that has none. */
function defaultStatus(schema: Target["version"]["schema"]): Json | undefined {
  const status = schema.properties?.status;
  return status?.default === undefined ? undefined : withDefaults(status, status.default);
}

const present = (fields: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
const withoutAbsent = (object: Obj): Obj => present(object) as Obj;

const letters = "bcdfghjklmnpqrstvwxz2456789";
/** Completes a name, as kubectl users know it from pods. */
export const randomSuffix = (length = 5): string =>
  [...randomBytes(length)].map((byte) => letters[byte % letters.length]).join("");
