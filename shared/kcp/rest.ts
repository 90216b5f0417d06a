import { Caller, type CallOptions, type Prepared, type Verb } from "./call.ts";
import type { Call, Reader, Target, Writer } from "./client.ts";
import { classify } from "./errors.ts";
import { kinds, type Resource } from "./kinds.ts";
import type { KubeObject } from "./objects.ts";
import { pathOf, titleOf } from "./resource-path.ts";

export type { Counted, Verb } from "./call.ts";

/** Reads and writes any resource in any workspace over HTTP. */
export interface Client extends Reader, Writer {
  /** `undefined` when it does not exist. */
  read<T extends KubeObject>(resource: Resource, target: Target, call?: Call): Promise<T | undefined>;
  /** All of one namespace, or of the whole workspace. */
  readAll<T extends KubeObject>(resource: Resource, where: Collection, call?: Call): Promise<readonly T[]>;
  /** Anything else, e.g. `/readyz`; answers the parsed JSON, or the text when it is none. Throws ApiError from 400 on. */
  request<T = unknown>(request: RawRequest, call?: Call): Promise<T>;
  /** Closes idle connections. */
  close(): void;
}
export interface Collection {
  readonly cluster: string;
  readonly namespace?: string;
}
export interface RawRequest {
  /** GET unless given. */
  readonly method?: string;
  /** Below the workspace when `cluster` is given, else below the server. */
  readonly path: string;
  readonly cluster?: string;
  readonly body?: unknown;
  readonly contentType?: string;
  /** Begins the message of an error, e.g. "creating APIExport core.platform-mesh.io in root:platform-mesh-system". */
  readonly doing?: string;
}
export interface ClientOptions extends CallOptions {
  /** How people call a cluster, for messages: its path if known. */
  readonly pathOf?: (cluster: string) => string | undefined;
}

/** A client for direct access (`<server>/clusters/<path or id>`) or, with `basesOf`, for the APIExport's virtual workspaces. */
export function createClient(options: ClientOptions): Client {
  const caller = new Caller(options);
  const prepare = preparing((cluster) => options.pathOf?.(cluster) ?? cluster);
  const read: Client["read"] = (resource, target, call) =>
    undefinedIfAbsent(caller.call(prepare("get", resource, target), call));
  const readAll = <T extends KubeObject>(resource: Resource, where: Collection, call?: Call) =>
    allPages<T>((query) => caller.call(prepare("list", resource, where, { query }), call));

  return {
    read,
    readAll,
    get: (kind, cluster, name, call) => read(kinds[kind], { cluster, name }, call),
    list: (kind, cluster, call) => readAll(kinds[kind], { cluster }, call),
    create: (resource, cluster, body, call) =>
      caller.call(prepare("create", resource, { cluster, ...identity(body) }, { body, title: body.kind }), call),
    mergePatch: (resource, target, body, call) =>
      caller.call(prepare("patch", resource, target, { body, contentType: "application/merge-patch+json" }), call),
    apply: (resource, cluster, body, { fieldManager, dryRun }, call) => {
      const query = { fieldManager, force: "true", ...(dryRun && { dryRun: "All" }) };
      const content = { body, title: body.kind, contentType: "application/apply-patch+yaml", query };
      return caller.call(prepare("apply", resource, { cluster, ...identity(body) }, content), call);
    },
    delete: async (resource, target, preconditions, call) => {
      const body = { apiVersion: "v1", kind: "DeleteOptions", ...(preconditions && { preconditions }) };
      const prepared = prepare("delete", resource, target, { body });
      const answer = await undefinedIfAbsent(caller.call<KubeObject>(prepared, call));
      return answer?.kind === "Status" ? undefined : answer;
    },
    request: ({ method = "GET", path, cluster, doing, ...rest }, call) => {
      const where = cluster === undefined ? "" : ` in ${options.pathOf?.(cluster) ?? cluster}`;
      const named = doing ?? `${method} ${path}${where}`;
      return caller.call({ verb: "raw", resource: "", method, path, cluster, doing: named, ...rest }, call);
    },
    close: () => caller.close(),
  };
}

const methods = { get: "GET", list: "GET", create: "POST", patch: "PATCH", apply: "PATCH", delete: "DELETE" } as const;
const gerunds = {
  get: "reading",
  list: "listing",
  create: "creating",
  patch: "patching",
  apply: "applying",
  delete: "deleting",
} as const;

interface Content {
  /** What the object is called in messages, where that is known better than by its resource. */
  readonly title?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly contentType?: string;
}

/** What all verbs have in common; `target` names an object, or a collection. */
function preparing(place: (cluster: string) => string) {
  type Aim = Omit<Target, "name"> & { readonly name?: string };
  return (
    verb: Exclude<Verb, "raw">,
    resource: Resource,
    target: Aim,
    { title = titleOf(resource), query, ...content }: Content = {},
  ): Prepared => {
    const { name, ...collection } = target;
    const status = target.subresource ? `/${target.subresource}` : "";
    const what = [status && "status of", title, name].filter(Boolean).join(" ");
    return {
      verb,
      method: methods[verb],
      cluster: target.cluster,
      // A new object goes to its collection.
      path: `${pathOf(resource, verb === "create" ? collection : target)}${query ? `?${new URLSearchParams(query)}` : ""}`,
      resource: resource.plural + status,
      doing: `${gerunds[verb]} ${what} in ${place(target.cluster)}`,
      ...content,
    };
  };
}

function identity({ metadata: { name, namespace } }: Named) {
  return { name, ...(namespace && { namespace }) };
}

interface Named {
  readonly metadata: { readonly name: string; readonly namespace?: string | undefined };
}
interface Page<T> {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly continue?: string };
  readonly items: readonly T[];
}

async function allPages<T>(load: (query: Record<string, string>) => Promise<Page<T>>): Promise<readonly T[]> {
  const all: T[] = [];
  for (let token = ""; ; ) {
    const { apiVersion, kind, items, metadata } = await load({ limit: "500", ...(token && { continue: token }) });
    // Items do not say themselves what the list says for all of them.
    for (const item of items) all.push({ ...item, apiVersion, kind: kind.replace(/List$/, "") });
    token = metadata.continue ?? "";
    if (!token) return all;
  }
}

async function undefinedIfAbsent<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (classify(error) === "not-found") return undefined;
    throw error;
  }
}
