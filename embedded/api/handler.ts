import type { Attributes, User } from "../access/attributes.ts";
import type { Users } from "../access/users.ts";
import { jsonPatch, mergePatch, strategicPatch } from "../apply/patches.ts";
import { asObject, isObject, type Json } from "../json.ts";
import type { Obj } from "../object.ts";
import { asVersion, versionOf } from "../resources/resource-type.ts";
import {
  badRequest,
  type Cause,
  forbidden,
  invalid,
  methodNotAllowed,
  noSuchResource,
  notFound,
  notSupported,
  qualified,
  StatusError,
  unsupportedMediaType,
} from "../status-error.ts";
import type { Clusters } from "../store/clusters.ts";
import type { Store } from "../store/store.ts";
import { decodeObject, parseBody } from "./decode.ts";
import { aggregatedType, Discovery } from "./discovery.ts";
import {
  contentType,
  deleteOptions,
  type Incoming,
  isDiscovery,
  parsePatch,
  refusal,
  refuseOptions,
  requireManager,
  verbOf,
  wantsTable,
} from "./incoming.ts";
import { openApi } from "./open-api.ts";
import { listOf, listPage } from "./reads.ts";
import { answerReview } from "./reviews.ts";
import { placeOf, type ResourcePath, resourcePathOf } from "./route.ts";
import { tableOf } from "./table.ts";
import type { Target } from "./target.ts";
import type { View } from "./view.ts";
import { type Sink, startWatch } from "./watches.ts";
import { type WriteOptions, writeOptions } from "./write-options.ts";
import type { Writer, Written } from "./writer.ts";

export interface HandlerOptions {
  readonly store: Store;
  readonly clusters: Clusters;
  readonly users: Users;
  readonly writer: Writer;
  /** The view that a URL prefix stands for. */
  viewOf(prefix: string): View | undefined;
  /** `host:port`. */
  readonly address: () => string;
  readonly now: () => number;
  readonly bookmarkMs: number;
}
export type Answer =
  | {
      readonly code: number;
      readonly body: Json;
      readonly warnings?: readonly string[];
      /** JSON unless given. */
      readonly contentType?: string;
    }
  | { readonly code: number; readonly text: string }
  | { readonly watch: (sink: () => Sink, onEnd: (end: () => void) => void) => void };

/** Answers requests; everything that is refused is thrown as a StatusError. */
export class Handler {
  readonly #options: HandlerOptions;

  constructor(options: HandlerOptions) {
    this.#options = options;
  }

  async handle(incoming: Incoming): Promise<Answer> {
    const { users, clusters, viewOf } = this.#options;
    const user = users.of(incoming.headers);
    const { prefix, cluster: named, path } = placeOf(incoming.url.pathname);
    const view = viewOf(prefix);
    if (!view || (prefix && named?.includes(":"))) {
      throw forbiddenPath(user, incoming, "Path not resolved to a valid virtual workspace");
    }
    const resource = resourcePathOf(path);
    const isDirect = prefix === "" && named !== undefined && named !== "*" && !named.startsWith("system:");
    const cluster = isDirect ? clusters.idOf(named) : (named ?? "");
    if (cluster === undefined) {
      throw notFound({ group: "tenancy.kcp.io", plural: "workspaces", kind: "Workspace" }, named ?? "");
    }
    const where = { view, cluster, user, incoming };
    return resource && named !== undefined && !isDiscovery(resource)
      ? this.#resource(resource, where)
      : this.#path(path, where);
  }

  /** Everything that is not about objects. */
  #path(path: string, { view, cluster, user, incoming }: Where): Answer {
    const verb = incoming.method.toLowerCase();
    const { isAllowed, reason } = view.authorize({ ...noResource, user, verb, cluster, path });
    if (!isAllowed) throw forbiddenPath(user, incoming, reason, path);
    if (/^\/(healthz|livez|readyz)$/.test(path)) return { code: 200, text: "ok" };
    if (path === "/version") return { code: 200, body: version };
    if (path.startsWith("/openapi/")) {
      const found = openApi(view.types(cluster), path);
      return found ? { code: 200, body: found } : pageNotFound;
    }
    const accept = String(incoming.headers.accept ?? "");
    const found = new Discovery(view.types(cluster), view.prefix ? undefined : this.#options.address()).answer(
      path,
      accept,
    );
    if (!found) return pageNotFound;
    const contentType = found.kind === "APIGroupDiscoveryList" ? { contentType: aggregatedType } : {};
    return { code: 200, body: found, ...contentType };
  }

  async #resource(resource: ResourcePath, where: Where): Promise<Answer> {
    const { view, cluster, user, incoming } = where;
    const { group, plural, subresource = "", namespace = "", name = "" } = resource;
    const verb = verbOf(incoming, resource);
    const attributes: Attributes = { user, verb, cluster, group, resource: plural, subresource, namespace, name };
    const type = view.find(cluster, group, plural);
    const { isAllowed, reason } = view.authorize(attributes);
    if (!isAllowed) throw forbidden({ group, plural, kind: "" }, name, refusal(attributes, reason));
    const question = this.#review(resource, where);
    if (question) return question;
    const version = type && versionOf(type, resource.version);
    if (!type || !version) {
      const isKnown = view.types(cluster).some((each) => each.isNative && each.group === group);
      if (isKnown && !view.prefix) throw noSuchResource();
      return pageNotFound;
    }
    if (view.supports?.(type, verb, subresource) === false) throw notSupported(type, verb);
    const isStatus = subresource === "status" && version.hasStatus;
    if (subresource && !isStatus && !(subresource === "finalize" && type.kind === "Namespace")) {
      throw notFound(type, name);
    }
    const target: Target = {
      view,
      cluster,
      type,
      version,
      namespace: type.namespaced && namespace ? namespace : undefined,
      name: resource.name,
      subresource: resource.subresource,
      user,
    };
    if (verb === "watch") return this.#watch(target, incoming);
    if (verb === "list") return this.#list(target, incoming);
    if (cluster === "*" && verb === "get") throw unexpected();
    if (verb === "get") return this.#shown(target, incoming, { object: this.#options.writer.present(target, name) });
    if (cluster === "*") throw methodNotAllowed();
    return this.#write(verb, target, incoming);
  }

  #review({ group, plural }: ResourcePath, { view, cluster, user, incoming }: Where): Answer | undefined {
    if (incoming.method !== "POST" || !/^(authentication|authorization)\.k8s\.io$/.test(group)) return undefined;
    const { users, now } = this.#options;
    const given = asObject(parseBody(incoming.body, contentType(incoming), plural) as Json);
    const body = answerReview(qualified(group, plural), given, {
      user,
      cluster,
      now: now(),
      authorize: (attributes) => view.authorize(attributes),
      userOf: (token) => users.byToken(token),
    });
    return body && { code: 201, body };
  }

  #list(target: Target, incoming: Incoming): Answer {
    const page = listPage(this.#options.store, target, incoming.url.searchParams);
    if (!wantsTable(incoming)) return { code: 200, body: listOf(target, page) };
    const settings = { now: this.#options.now(), include: incoming.url.searchParams.get("includeObject") ?? "" };
    return { code: 200, body: tableOf(target, page.items, page.metadata, settings) };
  }

  #watch(target: Target, incoming: Incoming): Answer {
    const { store, now, bookmarkMs } = this.#options;
    const query = incoming.url.searchParams;
    let withHeader = true;
    const asRow = (object: Obj): Json => {
      const settings = { now: now(), include: query.get("includeObject") ?? "", withHeader };
      withHeader = false;
      return tableOf(target, [object], { resourceVersion: object.metadata.resourceVersion }, settings);
    };
    const render = wantsTable(incoming) ? { render: asRow } : {};
    return { watch: (sink, onEnd) => startWatch({ store, target, query, sink, bookmarkMs, onEnd, ...render }) };
  }

  async #write(verb: string, target: Target, incoming: Incoming): Promise<Answer> {
    const { writer } = this.#options;
    const { name = "" } = target;
    if (verb === "delete") return this.#delete(target, incoming);
    if (verb === "deletecollection") return this.#deleteCollection(target, incoming);
    const options = this.#writeOptions(verb, incoming);
    if (verb === "patch") return this.#patch(target, incoming, options);
    const given = decodeObject(target, parseBody(incoming.body, contentType(incoming), target.type.kind));
    if (verb === "create") return this.#shown(target, incoming, await writer.create(target, given, options));
    if (asObject(given.metadata).resourceVersion === undefined && !target.type.isNative) {
      writer.present(target, name);
      const message = "Invalid value: 0: must be specified for an update";
      const cause: Cause = { reason: "FieldValueInvalid", message, field: "metadata.resourceVersion" };
      throw invalid({ ...target.type, kind: target.type.plural }, name, [cause]);
    }
    return this.#shown(target, incoming, await writer.update(target, name, () => given, options));
  }

  #writeOptions(verb: string, { url, headers }: Incoming): WriteOptions {
    const kind = { create: "CreateOptions", patch: "PatchOptions" }[verb] ?? "UpdateOptions";
    return writeOptions(url.searchParams, String(headers["user-agent"] ?? ""), kind);
  }

  async #patch(target: Target, incoming: Incoming, options: WriteOptions): Promise<Answer> {
    const { writer } = this.#options;
    const { name = "", type, version } = target;
    const kind = contentType(incoming).split(";")[0];
    const query = incoming.url.searchParams;
    if (kind === applyType) {
      requireManager(query);
      const applied = parseBody(incoming.body, "application/yaml", type.kind);
      return this.#shown(target, incoming, await writer.apply(target, name, decodeObject(target, applied), options));
    }
    const patches: Readonly<Record<string, (present: Json, patch: Json) => Json>> = {
      "application/json-patch+json": jsonPatch,
      "application/merge-patch+json": mergePatch,
      ...(type.isNative && {
        "application/strategic-merge-patch+json": (present, patch) => strategicPatch(version.schema, present, patch),
      }),
    };
    const change = patches[kind ?? ""];
    if (!change) throw unsupportedMediaType([...Object.keys(patches), applyType, applyType]);
    if (query.has("force")) {
      const message = "Forbidden: may not be specified for non-apply patch";
      refuseOptions({ reason: "FieldValueForbidden", message, field: "force" });
    }
    const patch = parsePatch(incoming.body);
    if (kind === "application/merge-patch+json" && !isObject(patch)) {
      throw badRequest(
        "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}",
      );
    }
    const written = await writer.update(target, name, (present) => asObject(change(present, patch)), options);
    return this.#shown(target, incoming, written);
  }

  async #delete(target: Target, incoming: Incoming): Promise<Answer> {
    const { name = "", type } = target;
    const options = deleteOptions(incoming);
    const isDryRun = incoming.url.searchParams.has("dryRun");
    const { object, isGone } = await this.#options.writer.delete(target, name, options, isDryRun);
    if (!isGone) return this.#shown(target, incoming, { object });
    const details = { name, ...(type.group && { group: type.group }), kind: type.plural, uid: object.metadata.uid };
    return { code: 200, body: { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", details } };
  }

  async #deleteCollection(target: Target, incoming: Incoming): Promise<Answer> {
    const page = listPage(this.#options.store, target, incoming.url.searchParams);
    const options = deleteOptions(incoming);
    const isDryRun = incoming.url.searchParams.has("dryRun");
    const items: Obj[] = [];
    for (const { metadata } of page.items) {
      const at = { ...target, namespace: metadata.namespace };
      const { object } = await this.#options.writer.delete(at, metadata.name, options, isDryRun);
      items.push(asVersion(target.type, object, target.version.name));
    }
    return { code: 200, body: listOf(target, { ...page, items }) };
  }

  #shown(target: Target, incoming: Incoming, { object, isNew, warnings }: Partial<Written> & { object: Obj }): Answer {
    const shown = asVersion(target.type, object, target.version.name);
    const settings = { now: this.#options.now(), include: incoming.url.searchParams.get("includeObject") ?? "" };
    const { resourceVersion } = object.metadata;
    const body = wantsTable(incoming) ? tableOf(target, [shown], { resourceVersion }, settings) : shown;
    return { code: isNew ? 201 : 200, body, ...(warnings && { warnings }) };
  }
}

interface Where {
  readonly view: View;
  readonly cluster: string;
  readonly user: User;
  readonly incoming: Incoming;
}

const applyType = "application/apply-patch+yaml";
const noResource = { group: "", resource: "", subresource: "", namespace: "", name: "" };
const pageNotFound: Answer = { code: 404, text: "404 page not found\n" };
const version = {
  major: "1",
  minor: "35",
  gitVersion: "v1.35.1+kcp-v0.31.2",
  gitCommit: "",
  gitTreeState: "clean",
  buildDate: "1970-01-01T00:00:00Z",
  goVersion: "embedded",
  compiler: "node",
  platform: "embedded",
};

function forbiddenPath(user: User, { method, url }: Incoming, why: string, path = url.pathname): StatusError {
  return new StatusError(`forbidden: User "${user.name}" cannot ${method.toLowerCase()} path "${path}": ${why}`, {
    code: 403,
    reason: "Forbidden",
    details: {},
  });
}

/** What a virtual workspace says that asked kcp for one object of all clusters. */
const unexpected = (): StatusError =>
  new StatusError("the server could not find the requested resource", {
    code: 404,
    reason: "NotFound",
    details: { causes: [{ reason: "UnexpectedServerResponse", message: "404 page not found" }] },
  });
