import { setTimeout as delay } from "node:timers/promises";
import { ApiError, type Call, type Reader, type Target, type Writer } from "./client.ts";
import { classify, messageOf, UnreachableError } from "./errors.ts";
import { createHttp, type Http, type HttpResponse } from "./http.ts";
import { kinds, type Resource } from "./kinds.ts";
import type { Kubeconfig } from "./kubeconfig.ts";
import type { KubeObject } from "./objects.ts";

/** Reads and writes any resource in any workspace over HTTP. */
export interface Client extends Reader, Writer {
  /** `undefined` when it does not exist. */
  read<T extends KubeObject>(resource: Resource, target: Target, call?: Call): Promise<T | undefined>;
  /** All of one namespace, or of the whole workspace. */
  readAll<T extends KubeObject>(
    resource: Resource,
    where: { readonly cluster: string; readonly namespace?: string },
    call?: Call,
  ): Promise<readonly T[]>;
  /** Anything else, e.g. `/readyz`; answers the parsed JSON, or the text when it is none. Throws ApiError from 400 on. */
  request<T = unknown>(request: RawRequest, call?: Call): Promise<T>;
  /** Closes idle connections. */
  close(): void;
}
export interface RawRequest {
  /** GET unless given. */
  readonly method?: string;
  /** Below the workspace when `cluster` is given, else below the server, e.g. `/apis/rbac.authorization.k8s.io/v1/clusterroles`. */
  readonly path: string;
  readonly cluster?: string;
  readonly body?: unknown;
  readonly contentType?: string;
  /** Begins the message of an error, e.g. "creating APIExport core.platform-mesh.io in root:platform-mesh-system". */
  readonly doing?: string;
}

export interface ClientOptions {
  readonly config: Kubeconfig;
  /** URLs below which `/clusters/<cluster>` may be served; the server of the kubeconfig unless given. With several, a 404
   *  or 403 of one is final only when all say so. */
  readonly basesOf?: (cluster: string) => readonly string[];
  /** How people call a cluster, for messages: its path if known. */
  readonly pathOf?: (cluster: string) => string | undefined;
  /** Milliseconds for one call, its repetitions apart; 30,000 unless given. */
  readonly timeoutMs?: number;
  readonly onRequest?: (request: Counted) => void;
  readonly http?: Http;
}
/** One request that was sent, for metrics and budgets. */
export interface Counted {
  readonly verb: Verb;
  readonly method: string;
  readonly host: string;
  /** Plural, with `/status` for that subresource; empty for raw requests. */
  readonly resource: string;
  /** HTTP status, or `<error>` when there was no answer. */
  readonly code: string;
  readonly milliseconds: number;
}
export type Verb = "get" | "list" | "create" | "patch" | "apply" | "delete" | "raw";

interface Prepared {
  readonly verb: Verb;
  readonly method: string;
  readonly cluster: string | undefined;
  readonly path: string;
  readonly resource: string;
  readonly doing: string;
  readonly body?: unknown;
  readonly contentType?: string;
}

/** A client for direct access (`<server>/clusters/<path or id>`) or, with `basesOf`, for the APIExport's virtual workspaces. */
export function createClient(options: ClientOptions): Client {
  const { config, timeoutMs = 30_000, onRequest } = options;
  const http = options.http ?? createHttp(config);
  const place = (cluster: string) => options.pathOf?.(cluster) ?? cluster;

  async function call<T>(prepared: Prepared, { signal }: Call = {}): Promise<T> {
    const bases =
      prepared.cluster === undefined || !options.basesOf ? [config.server] : options.basesOf(prepared.cluster);
    let failure: unknown = new UnreachableError("no shard serves the API export yet");
    for (const base of bases) {
      try {
        return parse<T>(await send(base, prepared, signal));
      } catch (error) {
        // One shard does not know the workspaces of another.
        failure = error;
        if (!["not-found", "forbidden"].includes(classify(error))) break;
      }
    }
    throw explained(failure, prepared.doing);
  }

  async function send(base: string, prepared: Prepared, signal: AbortSignal | undefined): Promise<HttpResponse> {
    const below = prepared.cluster === undefined ? "" : `/clusters/${prepared.cluster}`;
    for (let repetitions = 0; ; repetitions++) {
      const response = await sendOnce(base + below + prepared.path, prepared, signal);
      if (response.status !== 429 || repetitions === 2) return response;
      const seconds = Math.min(Number(response.headers["retry-after"] ?? 1) || 1, 5);
      await delay(seconds * 1000, undefined, { ...(signal && { signal }) });
    }
  }

  async function sendOnce(url: string, prepared: Prepared, signal: AbortSignal | undefined): Promise<HttpResponse> {
    const started = performance.now();
    let code = "<error>";
    try {
      const response = await http.send({
        method: prepared.method,
        url,
        timeoutMs,
        ...(signal && { signal }),
        ...(prepared.body !== undefined && { body: bodyOf(prepared.body) }),
        ...(prepared.contentType && { contentType: prepared.contentType }),
      });
      code = String(response.status);
      return response;
    } finally {
      const { verb, method, resource } = prepared;
      onRequest?.({ verb, method, resource, code, host: new URL(url).host, milliseconds: performance.now() - started });
    }
  }

  /** Everything that the verbs have in common; `target` is an object or a whole collection. */
  function prepare(
    verb: Verb,
    method: string,
    resource: Resource,
    target: Omit<Target, "name"> & { name?: string },
    query = "",
  ): Prepared {
    const path = `${pathOf(resource, target)}${query && `?${query}`}`;
    const status = target.subresource ? `/${target.subresource}` : "";
    const what = [kindName(resource), target.name].filter(Boolean).join(" ");
    const doing = `${gerunds[verb]} ${status && "status of "}${what} in ${place(target.cluster)}`;
    return { verb, method, cluster: target.cluster, path, resource: resource.plural + status, doing };
  }

  const read: Client["read"] = (resource, target, options) =>
    undefinedIfAbsent(call(prepare("get", "GET", resource, target), options));

  const readAll: Client["readAll"] = async <T extends KubeObject>(
    resource: Resource,
    where: { readonly cluster: string; readonly namespace?: string },
    options?: Call,
  ) => {
    const items: T[] = [];
    for (let token = ""; ; ) {
      const query = new URLSearchParams({ limit: "500", ...(token && { continue: token }) });
      const page: Page<T> = await call(prepare("list", "GET", resource, where, query.toString()), options);
      // Items of a list leave out what the list says once.
      const kind = page.kind.replace(/List$/, "");
      items.push(...page.items.map((item) => ({ ...item, apiVersion: page.apiVersion, kind })));
      token = page.metadata.continue ?? "";
      if (!token) return items;
    }
  };

  return {
    read,
    readAll,
    get: (kind, cluster, name, options) => read(kinds[kind], { cluster, name }, options),
    list: (kind, cluster, options) => readAll(kinds[kind], { cluster }, options),
    create: (resource, cluster, object, options) => {
      const { name, namespace } = object.metadata;
      const prepared = prepare("create", "POST", resource, { cluster, ...(namespace && { namespace }) });
      const doing = `creating ${object.kind} ${name} in ${place(cluster)}`;
      return call({ ...prepared, doing, body: object }, options);
    },
    mergePatch: (resource, target, patch, options) =>
      call(
        { ...prepare("patch", "PATCH", resource, target), body: patch, contentType: "application/merge-patch+json" },
        options,
      ),
    apply: (resource, cluster, object, { fieldManager, dryRun }, options) => {
      const { name, namespace } = object.metadata;
      const query = new URLSearchParams({ fieldManager, force: "true", ...(dryRun && { dryRun: "All" }) });
      const target = { cluster, name, ...(namespace && { namespace }) };
      const prepared = prepare("apply", "PATCH", resource, target, query.toString());
      return call({ ...prepared, body: object, contentType: "application/apply-patch+yaml" }, options);
    },
    delete: async (resource, target, preconditions, options) => {
      const body = { apiVersion: "v1", kind: "DeleteOptions", ...(preconditions && { preconditions }) };
      const answer = await undefinedIfAbsent(
        call<KubeObject>({ ...prepare("delete", "DELETE", resource, target), body }, options),
      );
      return answer?.kind === "Status" ? undefined : answer;
    },
    request: ({ method = "GET", path, cluster, body, contentType, doing }, options) =>
      call(
        {
          verb: "raw",
          resource: "",
          method,
          path,
          cluster,
          doing: doing ?? `${method} ${path}${cluster ? ` in ${place(cluster)}` : ""}`,
          body,
          ...(contentType && { contentType }),
        },
        options,
      ),
    close: () => http.close(),
  };
}

interface Page<T> {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly continue?: string };
  readonly items: readonly T[];
}
interface StatusObject {
  readonly kind?: string;
  readonly message?: string;
  readonly reason?: string;
}

const gerunds: Readonly<Record<Verb, string>> = {
  get: "reading",
  list: "listing",
  create: "creating",
  patch: "patching",
  apply: "applying",
  delete: "deleting",
  raw: "requesting",
};

/** Path of a resource, or of one object of it, below its workspace. */
export function pathOf(
  resource: Resource,
  target: { namespace?: string; name?: string; subresource?: string } = {},
): string {
  const root = resource.group ? `/apis/${resource.group}` : "/api";
  const namespace = target.namespace ? `/namespaces/${encodeURIComponent(target.namespace)}` : "";
  const name = target.name ? `/${encodeURIComponent(target.name)}` : "";
  const subresource = target.subresource ? `/${target.subresource}` : "";
  return `${root}/${resource.version}${namespace}/${resource.plural}${name}${subresource}`;
}

function kindName(resource: Resource): string {
  const known = Object.entries(kinds).find(
    ([, { plural, group }]) => plural === resource.plural && group === resource.group,
  );
  return known?.[0] ?? `${resource.plural}${resource.group && `.${resource.group}`}`;
}

const bodyOf = (body: unknown): string => (typeof body === "string" ? body : JSON.stringify(body));

function parse<T>({ status, text }: HttpResponse): T {
  const body = parseJson(text);
  if (status < 400) return body as T;
  const said = (typeof body === "object" && body !== null ? body : {}) as StatusObject;
  // What is no Status object may be a proxy's page: its beginning is enough.
  const message = said.message ?? (text.slice(0, 200).trim() || `HTTP status ${status}`);
  throw new ApiError(message, { code: status, reason: said.reason ?? (status === 404 ? "NotFound" : "Unknown") });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function explained(error: unknown, doing: string): unknown {
  const message = `${doing}: ${messageOf(error)}`;
  if (error instanceof ApiError) return new ApiError(message, error, { cause: error.cause });
  return error instanceof UnreachableError ? new UnreachableError(message, { cause: error }) : error;
}

async function undefinedIfAbsent<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (classify(error) === "not-found") return undefined;
    throw error;
  }
}
