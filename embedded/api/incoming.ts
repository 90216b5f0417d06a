import type { Attributes } from "../access/attributes.ts";
import { asObject, asString, at, type Json, strings } from "../json.ts";
import { badRequest, type Cause, invalid } from "../status-error.ts";
import { parseJson } from "./decode.ts";
import type { ResourcePath } from "./route.ts";
import type { DeleteOptions } from "./writer.ts";

/** A request as it came. */
export interface Incoming {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
}

export const isDiscovery = ({ plural }: ResourcePath): boolean => plural === "";
export const contentType = ({ headers }: Incoming): string => String(headers["content-type"] ?? "");

/** Empty for methods that mean nothing here. */
export function verbOf({ method, url }: Incoming, { name }: ResourcePath): string {
  const isWatch = ["true", "1"].includes(url.searchParams.get("watch") ?? "");
  switch (method) {
    case "GET":
    case "HEAD":
      if (name !== undefined) return "get";
      return isWatch ? "watch" : "list";
    case "POST":
      return "create";
    case "PUT":
      if (name === undefined) throw badRequest("name must be provided");
      return "update";
    case "PATCH":
      return "patch";
    case "DELETE":
      return name === undefined ? "deletecollection" : "delete";
    default:
      return "";
  }
}

export function refusal({ user, verb, resource, subresource, group, namespace }: Attributes, reason: string): string {
  const what = subresource ? `${resource}/${subresource}` : resource;
  const where = namespace ? `in the namespace "${namespace}"` : "at the cluster scope";
  return `User "${user.name}" cannot ${verb} resource "${what}" in API group "${group}" ${where}: ${reason}`;
}

export const parsePatch = (body: string): Json => parseJson(body, (why) => badRequest(`error decoding patch: ${why}`));

export function requireManager(query: URLSearchParams): void {
  if (query.get("fieldManager")) return;
  refuseOptions({
    reason: "FieldValueRequired",
    message: "Required value: is required for apply patch",
    field: "fieldManager",
  });
}

export function refuseOptions(cause: Cause): never {
  throw invalid({ group: "meta.k8s.io", plural: "", kind: "PatchOptions" }, "", [cause]);
}

const policies = ["Foreground", "Background", "Orphan"];

/** How a deletion is asked for, in the body or in the query; throws 422 for what is no way to delete. */
export function deleteOptions({ body, url }: Incoming): DeleteOptions {
  const refused = (why: string) => badRequest(`couldn't get version/kind; json parse error: ${why}`);
  const given = asObject(body.trim() === "" ? undefined : parseJson(body, refused));
  const { kind = "DeleteOptions", apiVersion = "v1" } = given;
  if (kind !== "DeleteOptions") {
    throw badRequest(
      `no kind "${asString(kind)}" is registered for version "${asString(apiVersion)}" in scheme "embedded"`,
    );
  }
  const uid = asString(at(given, "preconditions", "uid"));
  const resourceVersion = asString(at(given, "preconditions", "resourceVersion"));
  const propagation = asString(given.propagationPolicy) || url.searchParams.get("propagationPolicy");
  const causes: Cause[] = [];
  const field = "propagationPolicy";
  if (propagation && given.orphanDependents !== undefined) {
    const message = `Invalid value: ${JSON.stringify(propagation)}: orphanDependents and deletionPropagation cannot be both set`;
    causes.push({ reason: "FieldValueInvalid", message, field });
  } else if (propagation && !policies.includes(propagation)) {
    const supported = [...policies, "nil"].map((each) => JSON.stringify(each)).join(", ");
    const message = `Unsupported value: ${JSON.stringify(propagation)}: supported values: ${supported}`;
    causes.push({ reason: "FieldValueNotSupported", message, field });
  }
  if (causes.length > 0) throw invalid({ group: "meta.k8s.io", plural: "", kind: "DeleteOptions" }, "", causes);
  return {
    isDryRun: url.searchParams.has("dryRun") || strings(given.dryRun).length > 0,
    ...(uid && { uid }),
    ...(resourceVersion && { resourceVersion }),
    ...(propagation && { propagation }),
  };
}
