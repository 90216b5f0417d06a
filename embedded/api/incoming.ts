import type { Attributes } from "../access/attributes.ts";
import { asObject, asString, at, type Json } from "../json.ts";
import { badRequest, type Cause, invalid, methodNotAllowed } from "../status-error.ts";
import { parseBody } from "./decode.ts";
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
export const wantsTable = ({ headers }: Incoming): boolean =>
  /as=Table/.test(String(headers.accept ?? "").split(",")[0] ?? "");

export function verbOf({ method, url }: Incoming, { name }: ResourcePath): string {
  const isWatch = ["true", "1"].includes(url.searchParams.get("watch") ?? "");
  switch (method) {
    case "GET":
    case "HEAD":
      return isWatch ? "watch" : name === undefined ? "list" : "get";
    case "POST":
      return "create";
    case "PUT":
      if (name === undefined) throw badRequest("name must be provided");
      return "update";
    case "PATCH":
      if (name === undefined) throw badRequest("name must be provided");
      return "patch";
    case "DELETE":
      return name === undefined ? "deletecollection" : "delete";
    default:
      throw methodNotAllowed();
  }
}

export function refusal({ user, verb, resource, subresource, group, namespace }: Attributes, reason: string): string {
  const what = subresource ? `${resource}/${subresource}` : resource;
  const where = namespace ? `in the namespace "${namespace}"` : "at the cluster scope";
  return `User "${user.name}" cannot ${verb} resource "${what}" in API group "${group}" ${where}: ${reason}`;
}

export function parsePatch(body: string): Json {
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw badRequest(`error decoding patch: ${cause instanceof Error ? cause.message : cause}`);
  }
}

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

export function deleteOptions(incoming: Incoming): DeleteOptions {
  const given = asObject(parseBody(incoming.body, contentType(incoming), "DeleteOptions") as Json);
  const uid = asString(at(given, "preconditions", "uid"));
  const resourceVersion = asString(at(given, "preconditions", "resourceVersion"));
  const propagation = asString(given.propagationPolicy) || incoming.url.searchParams.get("propagationPolicy");
  return { ...(uid && { uid }), ...(resourceVersion && { resourceVersion }), ...(propagation && { propagation }) };
}
