import type { Kind, Resource } from "./kinds.ts";
import type { KubeObject, ObjectOf } from "./objects.ts";

/** Bounds one call; the client adds its own time limit. */
export interface Call {
  readonly signal?: AbortSignal;
}

/** Reads by logical cluster id or path. In `pm run` from the source's store, elsewhere from the server (decisions.md 9). */
export interface Reader {
  /** `undefined` when it does not exist. */
  get<K extends Kind>(kind: K, cluster: string, name: string, call?: Call): Promise<ObjectOf[K] | undefined>;
  list<K extends Kind>(kind: K, cluster: string, call?: Call): Promise<readonly ObjectOf[K][]>;
}

/** What the server says no with: code, reason and message of its Status object. */
export class ApiError extends Error {
  override name = "ApiError";
  readonly code: number;
  /** e.g. `AlreadyExists`, `Conflict`, `Forbidden`, `NotFound`, `Invalid`. */
  readonly reason: string;
  constructor(message: string, status: { code: number; reason: string }, options?: ErrorOptions) {
    super(message, options);
    this.code = status.code;
    this.reason = status.reason;
  }
}

/** Writes answer with the object as stored. Each throws ApiError when the server refuses. */
export interface Writer {
  create<T extends KubeObject>(resource: Resource, cluster: string, object: Unsaved<T>, call?: Call): Promise<T>;
  /** RFC 7386; put `metadata.resourceVersion` into the patch as precondition. */
  mergePatch<T extends KubeObject>(resource: Resource, target: Target, patch: object, call?: Call): Promise<T>;
  /** Server-side apply with force. */
  apply<T extends KubeObject>(
    resource: Resource,
    cluster: string,
    object: Unsaved<T>,
    options: ApplyOptions,
    call?: Call,
  ): Promise<T>;
  /** A 404 is no error: it is gone already. Answers the object while finalizers hold it, else `undefined`. */
  delete(
    resource: Resource,
    target: Target,
    preconditions?: { uid?: string; resourceVersion?: string },
    call?: Call,
  ): Promise<KubeObject | undefined>;
}

export interface Target {
  readonly cluster: string;
  readonly name: string;
  readonly namespace?: string;
  readonly subresource?: "status";
}
export interface ApplyOptions {
  readonly fieldManager: string;
  readonly dryRun?: boolean;
}
/** An object without what only the server sets. */
export type Unsaved<T extends KubeObject> = Omit<T, "metadata" | "status"> & {
  readonly metadata: Partial<T["metadata"]> & { readonly name: string };
};
