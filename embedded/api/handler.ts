import type { Attributes, User } from "../access/attributes.ts";
import type { Users } from "../access/users.ts";
import { asObject, type Json } from "../json.ts";
import { versionOf } from "../resources/resource-type.ts";
import {
  badRequest,
  forbidden,
  methodNotAllowed,
  noSuchResource,
  notFound,
  notSupported,
  qualified,
  StatusError,
} from "../status-error.ts";
import type { Clusters } from "../store/clusters.ts";
import type { Answer } from "./answer.ts";
import { parseBody } from "./decode.ts";
import { Discovery } from "./discovery.ts";
import { contentType, type Incoming, isDiscovery, refusal, verbOf } from "./incoming.ts";
import { ObjectHandler, type ObjectHandlerOptions } from "./object-handler.ts";
import { openApi } from "./open-api.ts";
import { answerReview } from "./reviews.ts";
import { placeOf, type ResourcePath, resourcePathOf } from "./route.ts";
import type { Target } from "./target.ts";
import type { View } from "./view.ts";

export interface HandlerOptions extends ObjectHandlerOptions {
  readonly clusters: Clusters;
  readonly users: Users;
  /** The view that a URL prefix stands for. */
  viewOf(prefix: string): View | undefined;
  /** `host:port`. */
  readonly address: () => string;
}
/** Answers requests; everything that is refused is thrown as a StatusError. */
export class Handler {
  readonly #options: HandlerOptions;

  readonly #objects: ObjectHandler;

  constructor(options: HandlerOptions) {
    this.#options = options;
    this.#objects = new ObjectHandler(options);
  }

  async handle(incoming: Incoming): Promise<Answer> {
    const { users, clusters, viewOf } = this.#options;
    const user = users.of(incoming.headers);
    const { prefix, cluster: named, path } = placeOf(incoming.url.pathname);
    const view = viewOf(prefix);
    const isLost = named === undefined && path.startsWith("/services/");
    if (!view || isLost || (prefix && named?.includes(":"))) {
      throw forbiddenPath(user, incoming, "Path not resolved to a valid virtual workspace");
    }
    const broken = view.broken?.();
    if (broken) return { code: 500, text: `Internal Server Error: "${incoming.url.pathname}": ${broken}\n` };
    const resource = resourcePathOf(path);
    const where = { view, cluster: prefix ? (named ?? "") : clusterOf(clusters, named), user, incoming };
    return resource && !isDiscovery(resource) ? this.#resource(resource, where) : this.#path(path, where);
  }

  /** Everything that is not about objects. */
  #path(path: string, { view, cluster, user, incoming }: Where): Answer {
    const verb = incoming.method.toLowerCase();
    const { isAllowed, reason } = view.authorize({ ...noResource, user, verb, cluster, path });
    if (!isAllowed) throw forbiddenPath(user, incoming, reason, path);
    if (/^\/(healthz|livez|readyz)$/.test(path)) return { code: 200, text: "ok" };
    if (path === "/version" && verb !== "get") throw methodNotAllowed();
    if (path === "/version") return { code: 200, body: version };
    if (path.startsWith("/openapi/")) {
      const found = openApi(view.types(cluster), path);
      return found ? { code: 200, body: found } : pageNotFound;
    }
    const discovery = new Discovery(view.types(cluster), view.prefix ? undefined : this.#options.address());
    const found = discovery.answer(path);
    if (!found && path.startsWith("/api/")) throw noSuchResource();
    return found ? { code: 200, body: found } : pageNotFound;
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
    if (verb === "" || view.supports?.(type, verb, subresource) === false) throw notSupported(type, verb);
    if (namespace && !type.namespaced) return pageNotFound;
    if (verb === "create" && type.namespaced && !namespace && cluster !== "*") throw methodNotAllowed();
    if (verb === "create" && subresource) throw notSupported(type, verb);
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
    return this.#objects.handle(verb, target, incoming);
  }

  #review({ group, plural }: ResourcePath, { view, cluster, user, incoming }: Where): Answer | undefined {
    if (incoming.method !== "POST" || !/^(authentication|authorization)\.k8s\.io$/.test(group)) return undefined;
    const { users, clock } = this.#options;
    const given = asObject(parseBody(incoming.body, contentType(incoming), plural) as Json);
    const body = answerReview(qualified(group, plural), given, {
      user,
      cluster,
      now: clock.now(),
      authorize: (attributes) => view.authorize(attributes),
      userOf: (token) => users.byToken(token),
    });
    return body && { code: 201, body };
  }
}

interface Where {
  readonly view: View;
  readonly cluster: string;
  readonly user: User;
  readonly incoming: Incoming;
}

/** Id of the cluster that a URL names; empty for the server itself. What is named by path has to exist; of an id that is
 *  unknown nobody learns more than that it is closed. */
function clusterOf(clusters: Clusters, named = ""): string {
  if (named === "" || named === "*" || named.startsWith("system:")) return named;
  if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(:[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/.test(named)) {
    throw badRequest(`invalid cluster: "${named}" does not match the regex`);
  }
  const id = clusters.idOf(named);
  if (id !== undefined) return id;
  if (!named.includes(":")) return named;
  throw notFound({ group: "tenancy.kcp.io", plural: "workspaces", kind: "Workspace" }, named);
}

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
