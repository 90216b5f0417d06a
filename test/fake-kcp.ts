import { ApiError, type Target, type Unsaved, type Writer } from "../shared/kcp/client.ts";
import { authenticationConfigurations, type Kind, kinds, type Resource, secrets } from "../shared/kcp/kinds.ts";
import {
  type Account,
  clusterAnnotation,
  type KubeObject,
  type LogicalClusterPhase,
  type ObjectOf,
  pathAnnotation,
  type Workspace,
} from "../shared/kcp/objects.ts";
import { coreExport } from "../shared/names.ts";
import type { Backend } from "../shared/pass.ts";

export const orgsCluster = "orgs-id";
const server = "https://kcp.example";

type Stored = KubeObject & Record<string, unknown>;
export interface Write {
  readonly verb: "create" | "patch" | "status" | "apply" | "delete";
  readonly what: string;
}

/** As much of kcp as one account sees: objects with finalizers and resourceVersions, and hands to play its controllers. */
export class FakeKcp implements Backend {
  readonly objects = new Map<string, Stored>();
  readonly writes: Write[] = [];
  /** Thrown by the next write that it names, e.g. `create AccountInfo`. */
  readonly failures = new Map<string, Error>();
  #revision = 1;

  constructor() {
    this.cluster(orgsCluster, "root:orgs");
  }

  readonly reader = {
    get: async <K extends Kind>(kind: K, cluster: string, name: string) =>
      this.#hidden.has(`${kind} ${cluster} ${name}`) ? undefined : this.get(kind, cluster, name),
    list: async <K extends Kind>(kind: K, cluster: string) =>
      [...this.objects]
        .filter(([key]) => key.startsWith(`${kind} ${cluster} `))
        .map(([, object]) => object as unknown as ObjectOf[K]),
  };

  readonly writer: Writer = {
    create: async <T extends KubeObject>(resource: Resource, cluster: string, object: Unsaved<T>) => {
      const key = this.#key(resource, { cluster, name: object.metadata.name });
      this.#record("create", key);
      if (this.objects.has(key)) throw new ApiError(`${key} exists`, { code: 409, reason: "AlreadyExists" });
      return this.put(kindOf(resource), cluster, object) as unknown as T;
    },
    mergePatch: async <T extends KubeObject>(resource: Resource, target: Target, patch: object) => {
      const key = this.#key(resource, target);
      this.#record(target.subresource === "status" ? "status" : "patch", key);
      const present = this.#present(key);
      const expected = (patch as { metadata?: { resourceVersion?: string } }).metadata?.resourceVersion;
      if (expected !== undefined && expected !== present.metadata.resourceVersion) {
        throw new ApiError(`${key} was changed`, { code: 409, reason: "Conflict" });
      }
      return this.#store(key, merge(present, patch) as Stored) as unknown as T;
    },
    apply: async <T extends KubeObject>(resource: Resource, cluster: string, object: Unsaved<T>) => {
      const key = this.#key(resource, { cluster, name: object.metadata.name });
      this.#record("apply", key);
      const fresh = { metadata: { uid: `uid-of-${object.metadata.name}`, creationTimestamp: "2026-01-01T00:00:00Z" } };
      return this.#store(key, merge(this.objects.get(key) ?? fresh, object) as Stored) as unknown as T;
    },
    delete: async (resource, target) => {
      const key = this.#key(resource, target);
      this.#record("delete", key);
      return this.delete(key);
    },
  };

  /** Objects that the reader has not been told of yet. */
  readonly #hidden = new Set<string>();

  async refresh(kind: Kind, cluster: string, name: string): Promise<void> {
    this.#hidden.delete(`${kind} ${cluster} ${name}`);
  }

  /** The reader knows nothing of this object until it is refreshed. */
  hide(key: string): void {
    this.#hidden.add(key);
  }

  /** Sets an object as its user or kcp would; no write of ours. */
  put(kind: string, cluster: string, object: { metadata: { name: string } }): Stored {
    const { name } = object.metadata;
    const metadata = {
      uid: `uid-of-${name}-${this.#revision}`,
      creationTimestamp: "2026-01-01T00:00:00Z",
      generation: 1,
      ...object.metadata,
      annotations: { [clusterAnnotation]: cluster },
    };
    return this.#store(`${kind} ${cluster} ${name}`, {
      apiVersion: "v1",
      kind,
      ...object,
      metadata,
    } as unknown as Stored);
  }

  change(kind: Kind, cluster: string, name: string, patch: object): void {
    const key = `${kind} ${cluster} ${name}`;
    this.#store(key, merge(this.#present(key), patch) as Stored);
  }

  account(name: string, spec: Partial<Account["spec"]> = {}, cluster = orgsCluster): void {
    this.put("Account", cluster, { metadata: { name }, spec: { type: "org", displayName: name, ...spec } } as never);
  }

  /** A logical cluster that is Ready, with its path. */
  cluster(id: string, path: string, phase: LogicalClusterPhase = "Ready"): void {
    this.put("LogicalCluster", id, { metadata: { name: "cluster" }, status: { phase } } as never);
    this.change("LogicalCluster", id, "cluster", { metadata: { annotations: { [pathAnnotation]: path } } });
  }

  /** kcp makes a new workspace progress: scheduled, with its cluster `<name>-id` and the core binding in it. */
  schedule(path: string, phase: LogicalClusterPhase, cluster = orgsCluster): string {
    const name = path.split(":").at(-1) ?? "";
    const id = `${name}-id`;
    const spec = { cluster: id, URL: `${server}/clusters/${path}` };
    this.change("Workspace", cluster, name, { spec, status: { phase } });
    this.cluster(id, path, phase);
    const binding = {
      metadata: { name: "core" },
      spec: { reference: { export: { name: coreExport } } },
      status: { phase: "Bound" },
    };
    this.put("APIBinding", id, binding as never);
    return id;
  }

  typesReady(org: string, cluster = orgsCluster): void {
    for (const name of [`${org}-org`, `${org}-account`]) {
      this.change("WorkspaceType", cluster, name, { status: { conditions: [{ type: "Ready", status: "True" }] } });
    }
  }

  delete(key: string): Stored | undefined {
    const present = this.objects.get(key);
    if (!present) return undefined;
    if (!present.metadata.finalizers?.length) {
      this.objects.delete(key);
      return undefined;
    }
    return this.#store(key, merge(present, { metadata: { deletionTimestamp: "2026-01-01T00:01:00Z" } }) as Stored);
  }

  get<K extends Kind>(kind: K, cluster: string, name: string): ObjectOf[K] | undefined {
    return this.objects.get(`${kind} ${cluster} ${name}`) as unknown as ObjectOf[K] | undefined;
  }

  workspace(name: string, cluster = orgsCluster): Workspace | undefined {
    return this.get("Workspace", cluster, name);
  }

  /** What was written since the last call, e.g. `create Workspace orgs-id acme`. */
  written(): readonly string[] {
    return this.writes.splice(0).map(({ verb, what }) => `${verb} ${what}`);
  }

  #record(verb: Write["verb"], what: string): void {
    const failure = [...this.failures].find(([write]) => `${verb} ${what}`.startsWith(write));
    if (failure) {
      this.failures.delete(failure[0]);
      throw failure[1];
    }
    this.writes.push({ verb, what });
  }

  #present(key: string): Stored {
    const present = this.objects.get(key);
    if (!present) throw new ApiError(`${key} not found`, { code: 404, reason: "NotFound" });
    return present;
  }

  #store(key: string, object: Stored): Stored {
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(++this.#revision) } };
    const isGone = stored.metadata.deletionTimestamp && !stored.metadata.finalizers?.length;
    if (isGone) this.objects.delete(key);
    else this.objects.set(key, stored);
    return stored;
  }

  #key(resource: Resource, { cluster, name }: Target): string {
    return `${kindOf(resource)} ${cluster} ${name}`;
  }
}

const unwatched: Readonly<Record<string, string>> = {
  [secrets.plural]: "Secret",
  [authenticationConfigurations.plural]: "WorkspaceAuthenticationConfiguration",
};
const kindOf = (resource: Resource): string =>
  Object.entries(kinds).find(([, { plural }]) => plural === resource.plural)?.[0] ??
  unwatched[resource.plural] ??
  "Event";

/** RFC 7386. */
export function merge(target: unknown, patch: unknown): unknown {
  if (typeof patch !== "object" || patch === null || Array.isArray(patch)) return patch;
  const result: Record<string, unknown> = typeof target === "object" && !Array.isArray(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = merge(result[key], value);
  }
  return result;
}
