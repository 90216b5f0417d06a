import { asArray, asObject, asString, equal, isArray, isObject, type Json, type JsonObject, strings } from "../json.ts";
import type { Cause } from "../status-error.ts";
import { invalidValue } from "./validate.ts";

const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const subdomainText =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const labelText =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const namePart = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const namePartText =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const keyText = `${namePartText.replace("name part", "a valid label key")} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`;
const value = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;
const valueText =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

/** How strictly names of a type are checked. */
export type NameRule = "subdomain" | "label" | "path";

/** What is wrong with the metadata of an object. */
export function validateMetadata(metadata: JsonObject, rule: NameRule): readonly Cause[] {
  return [
    ...nameCauses(asString(metadata.name), rule),
    ...Object.entries(asObject(metadata.labels)).flatMap(([key, text]) => [
      ...keyCauses("metadata.labels", key),
      ...labelValueCauses(asString(text)),
    ]),
    ...annotationCauses(asObject(metadata.annotations)),
    ...asArray(metadata.ownerReferences).flatMap((owner) => ownerCauses(asObject(owner))),
    ...controllerCauses(asArray(metadata.ownerReferences).map(asObject)),
    ...strings(metadata.finalizers).flatMap((name) => keyCauses("metadata.finalizers", name)),
  ];
}

function nameCauses(name: string, rule: NameRule): readonly Cause[] {
  const bad = (message: string) => [invalidValue("metadata.name", name, message)];
  if (rule === "path") {
    if (name === "." || name === "..") return bad(`may not be '${name}'`);
    const found = ["/", "%"].filter((character) => name.includes(character));
    return found.length > 0 ? bad(`may not contain '${found[0]}'`) : [];
  }
  if (rule === "label" && name.includes(".")) return bad("must not contain dots");
  const longest = rule === "label" ? 63 : 253;
  const [form, text] = rule === "label" ? [label, labelText] : [subdomain, subdomainText];
  return [
    ...(name.length > longest ? bad(`must be no more than ${longest} characters`) : []),
    ...(form.test(name) ? [] : bad(text)),
  ];
}

const maxAnnotationBytes = 262_144;

function annotationCauses(annotations: JsonObject): readonly Cause[] {
  const field = "metadata.annotations";
  const keys = Object.keys(annotations);
  const size = Object.entries(annotations).reduce(
    (sum, [key, text]) => sum + Buffer.byteLength(key) + Buffer.byteLength(asString(text)),
    0,
  );
  const message = `Too long: may not be more than ${maxAnnotationBytes} bytes`;
  return [
    ...keys.flatMap((key) => keyCauses(field, key.toLowerCase(), key)),
    ...(size > maxAnnotationBytes ? [{ reason: "FieldValueTooLong", message, field }] : []),
  ];
}

function keyCauses(field: string, key: string, shown = key): readonly Cause[] {
  const parts = key.split("/");
  const bad = (message: string) => [invalidValue(field, shown, message)];
  const name = parts.at(-1) ?? "";
  if (parts.length > 2) return bad(keyText);
  const prefix = parts.length === 2 ? parts[0] : undefined;
  return [
    ...(prefix === undefined || subdomain.test(prefix) ? [] : bad(`prefix part ${subdomainText}`)),
    ...(name === "" ? bad("name part must be non-empty") : []),
    ...(name.length > 63 ? bad("name part must be no more than 63 characters") : []),
    ...(namePart.test(name) ? [] : bad(namePartText)),
  ];
}

function labelValueCauses(text: string): readonly Cause[] {
  const bad = (message: string) => [invalidValue("metadata.labels", text, message)];
  return [
    ...(text.length > 63 ? bad("must be no more than 63 bytes") : []),
    ...(value.test(text) ? [] : bad(valueText)),
  ];
}

function ownerCauses(owner: JsonObject): readonly Cause[] {
  const fields = ["apiVersion", "kind", "name", "uid"] as const;
  return fields
    .filter((name) => !asString(owner[name]))
    .map((name) => {
      const message = name === "apiVersion" ? "version must not be empty" : "must not be empty";
      return invalidValue(`metadata.ownerReferences.${name}`, "", message);
    });
}

function controllerCauses(owners: readonly JsonObject[]): readonly Cause[] {
  const [first, second] = owners.filter(({ controller }) => controller === true);
  if (!first || !second) return [];
  const fields = ["apiVersion", "kind", "name", "uid", "controller", "blockOwnerDeletion"];
  const shown = owners.map((owner) => Object.fromEntries(fields.map((name) => [name, owner[name]])));
  const named = ({ kind, name }: JsonObject) => `${asString(kind)}/${asString(name)}`;
  const why = `Only one reference can have Controller set to true. Found "true" in references for ${named(first)} and ${named(second)}`;
  const message = `Invalid value: ${JSON.stringify(shown)}: ${why}`;
  return [{ reason: "FieldValueInvalid", message, field: "metadata.ownerReferences" }];
}

/** What an update may not do to metadata. */
export function validateMetadataUpdate(before: JsonObject, after: JsonObject): readonly Cause[] {
  const { deletionTimestamp: given } = after;
  const isDeclared = given !== undefined && !equal(before.deletionTimestamp, given);
  const fixed = isDeclared ? [invalidValue("metadata.deletionTimestamp", given, "field is immutable")] : [];
  if (!before.deletionTimestamp) return fixed;
  const present = strings(before.finalizers);
  const added = strings(after.finalizers).filter((name) => !present.includes(name));
  if (added.length === 0) return fixed;
  const shown = added.map((name) => JSON.stringify(name)).join(", ");
  const message = `Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{${shown}}`;
  return [...fixed, { reason: "FieldValueForbidden", message, field: "metadata.finalizers" }];
}

const known = new Set([
  ...["name", "generateName", "namespace", "selfLink", "uid", "resourceVersion", "generation", "creationTimestamp"],
  ...["deletionTimestamp", "deletionGracePeriodSeconds", "labels", "annotations", "ownerReferences", "finalizers"],
  "managedFields",
]);

/** Why metadata cannot be read, in the words of Go; `undefined` when it can. */
export function unreadable(metadata: Json | undefined): string | undefined {
  if (metadata === undefined || metadata === null) return undefined;
  const cannot = (value: Json, into: string) => `json: cannot unmarshal ${goType(value)} into Go ${into}`;
  if (!isObject(metadata)) return cannot(metadata, "value of type v1.ObjectMeta");
  const field = (name: string, of: string) => `struct field ObjectMeta.${name} of type ${of}`;
  for (const name of ["labels", "annotations"]) {
    const map = metadata[name] ?? {};
    if (!isObject(map)) return cannot(map, field(name, "map[string]string"));
    const wrong = Object.values(map).find((value) => value !== null && typeof value !== "string");
    if (wrong !== undefined) return cannot(wrong, field(name, "string"));
  }
  for (const name of ["name", "generateName", "namespace", "uid", "resourceVersion"]) {
    const value = metadata[name] ?? "";
    if (typeof value !== "string") return cannot(value, field(name, name === "uid" ? "types.UID" : "string"));
  }
  const finalizers = metadata.finalizers ?? [];
  return isArray(finalizers) ? undefined : cannot(finalizers, field("finalizers", "[]string"));
}

function goType(value: Json): string {
  if (isArray(value)) return "array";
  return typeof value === "boolean" ? "bool" : typeof value;
}

/** Metadata with what Kubernetes knows of it; `unknown` is told the path of the rest. */
export function pruneMetadata(metadata: JsonObject, unknown: (path: string) => void): JsonObject {
  const entries = Object.entries(metadata).filter(([name, child]) => {
    if (child === null || child === undefined) return false;
    if (!known.has(name)) unknown(`metadata.${name}`);
    return known.has(name) && !(isObject(child) && Object.keys(child).length === 0);
  });
  return Object.fromEntries(entries);
}
