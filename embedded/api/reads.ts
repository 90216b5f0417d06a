import type { JsonObject } from "../json.ts";
import { clusterOf, keyOf, type Obj } from "../object.ts";
import { apiVersionOf, asVersion } from "../resources/resource-type.ts";
import { badRequest, expired } from "../status-error.ts";
import type { Store } from "../store/store.ts";
import { labelSelector } from "./label-selector.ts";
import { listOptions, tooLarge } from "./list-options.ts";
import { fieldSelector, type Matches } from "./selectors.ts";
import type { Target } from "./target.ts";

/** A page of a collection. */
export interface Page {
  readonly items: readonly Obj[];
  readonly metadata: JsonObject;
}

/** What a collection request selects. */
export function selection({ view, type, namespace, name }: Target, query: URLSearchParams): Matches {
  const labels = labelSelector(query.get("labelSelector") ?? "");
  const fields = fieldSelector(query.get("fieldSelector") ?? "", type);
  return (object) =>
    (namespace === undefined || object.metadata.namespace === namespace) &&
    (name === undefined || object.metadata.name === name) &&
    view.shows(type, object) &&
    labels(object) &&
    fields(object);
}

export function listPage(store: Store, target: Target, query: URLSearchParams): Page {
  const limit = number(query.get("limit"));
  checkVersion(store, query);
  const token = query.get("continue");
  if (token && query.get("resourceVersion")) {
    throw badRequest("specifying resource version is not allowed when using continue");
  }
  const from = token ? parseToken(token) : undefined;
  if (from && store.since(from.revision) === undefined) {
    throw expired(
      "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.",
    );
  }
  const matches = selection(target, query);
  const cluster = target.cluster === "*" ? undefined : target.cluster;
  const rest: { readonly key: string; readonly object: Obj }[] = [];
  for (const object of store.list(target.type.storage, cluster)) {
    const key = orderKey(object);
    if ((!from || key > from.after) && matches(object)) rest.push({ key, object });
  }
  rest.sort((one, other) => (one.key < other.key ? -1 : 1));
  const items = limit > 0 ? rest.slice(0, limit) : rest;
  // What changes between two pages has a newer revision than the first, so a watch from there brings it.
  const revision = from?.revision ?? store.revision;
  const last = items.at(-1);
  const hasMore = items.length < rest.length && last;
  return {
    items: items.map(({ object }) => asVersion(target.type, object, target.version.name)),
    metadata: {
      continue: hasMore ? tokenOf({ revision, after: last.key }) : "",
      ...(hasMore && isPlain(query) && { remainingItemCount: rest.length - items.length }),
      resourceVersion: String(revision),
    },
  };
}

export function listOf({ type, version }: Target, { items, metadata }: Page): JsonObject {
  const whole = { apiVersion: apiVersionOf(type.group, version.name), kind: type.listKind };
  if (!type.isNative) return { ...whole, items, metadata };
  // What is built into Kubernetes says its kind once for all, and leaves out what is empty.
  const { continue: token, ...rest } = metadata;
  const bare = items.map(({ apiVersion: _apiVersion, kind: _kind, ...item }) => item);
  return { ...whole, items: bare, metadata: token ? metadata : rest };
}

const orderKey = (object: Obj) => `${clusterOf(object)}/${keyOf(object)}`;
const isPlain = (query: URLSearchParams) => !query.get("labelSelector") && !query.get("fieldSelector");

interface Token {
  readonly revision: number;
  readonly after: string;
}
const tokenOf = ({ revision, after }: Token): string =>
  Buffer.from(JSON.stringify({ v: "meta.k8s.io/v1", rv: revision, start: after })).toString("base64url");

function parseToken(token: string): Token {
  try {
    const { rv, start } = JSON.parse(Buffer.from(token, "base64url").toString());
    if (typeof rv === "number" && typeof start === "string") return { revision: rv, after: start };
  } catch {
    // Said below.
  }
  throw badRequest("invalid continue token: continue key is not valid");
}

function number(text: string | null): number {
  if (!text) return 0;
  if (/^-?\d+$/.test(text)) return Number(text);
  throw badRequest(`strconv.ParseInt: parsing "${text}": invalid syntax`);
}

function checkVersion(store: Store, query: URLSearchParams): void {
  const { revision, isExact } = listOptions(query, false);
  if (revision > store.revision) throw tooLarge(revision, store.revision);
  // The past is not kept, only its changes.
  if (isExact && revision < store.revision) throw expired("The resourceVersion for the provided list is too old.");
}
