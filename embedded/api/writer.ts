import { applyTo, type Manager, trackUpdate } from "../apply/managed-fields.ts";
import { asObject, asString, type JsonObject } from "../json.ts";
import { clusterAnnotation, keyFor, type Meta, type Obj, timestamp, withMeta } from "../object.ts";
import { apiVersionOf, asVersion, type ResourceType } from "../resources/resource-type.ts";
import { validateMetadataUpdate } from "../schema/metadata.ts";
import {
  alreadyExists,
  badRequest,
  type Cause,
  conflict,
  forbidden,
  invalid,
  notFound,
  StatusError,
} from "../status-error.ts";
import { type Committed, commit, commitDeletion, commitNew, deletion, updated } from "../store/commit.ts";
import type { Store } from "../store/store.ts";
import type { Admission, Review } from "./admission.ts";
import { ownPart, requireTyped } from "./applied.ts";
import { contentCauses, metadataCauses } from "./checks.ts";
import { newObject, nextObject, shape } from "./compose.ts";
import type { Target } from "./target.ts";
import type { WriteOptions } from "./write-options.ts";

export interface WriterOptions {
  readonly store: Store;
  readonly admission: Admission;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}
export interface Written {
  readonly object: Obj;
  readonly isNew: boolean;
  readonly warnings: readonly string[];
}
/** What an update makes of the present object, as the request's version has it. */
export type Produce = (present: JsonObject) => JsonObject;

/** Writes of users: checked, completed, admitted, and recorded as theirs. */
export class Writer {
  readonly #options: WriterOptions;

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  async create(target: Target, given: JsonObject, options: WriteOptions): Promise<Written> {
    const { type, version, cluster, view } = target;
    const warnings: string[] = [];
    const shaped = shape(target, view.prepare?.(type, cluster, given) ?? given, options, warnings);
    const object = newObject(target, shaped, this.#options.now());
    const about = { operation: "CREATE", object, name: object.metadata.name } as const;
    const review = this.#review(target, options, about, warnings);
    const { admission } = this.#options;
    const tracked = this.#tracked(target, {}, admission.complete({ ...review, object }), options);
    const admitted = await admission.mutate({ ...review, object: tracked });
    refuse(type, object.metadata.name, [
      ...metadataCauses(type, admitted),
      ...contentCauses(target, asVersion(type, admitted, version.name), undefined),
    ]);
    if (asString(asObject(shaped.metadata).resourceVersion)) {
      throw new StatusError("resourceVersion should not be set on objects to be created", { code: 500, reason: "" });
    }
    await admission.validate({ ...review, object: admitted });
    view.check?.({ ...review, object: admitted });
    this.#requireNamespace(target, object.metadata.name);
    const { store } = this.#options;
    const taken = store.get(type.storage, cluster, keyFor(object.metadata.name, target.namespace));
    if (taken) throw alreadyExists(type, object.metadata.name, taken.metadata.deletionTimestamp !== undefined);
    const stored = asVersion(type, admitted, type.storageVersion);
    return { object: options.isDryRun ? unstored(stored) : commitNew(store, type, stored), isNew: true, warnings };
  }

  /** Replaces the object by what `produce` makes of it; once more if it has changed meanwhile. */
  async update(target: Target, name: string, produce: Produce, options: WriteOptions): Promise<Written> {
    for (let attempt = 1; ; attempt++) {
      const before = this.present(target, name);
      const written = await this.#updateOnce(target, before, produce, options);
      if (written) return written;
      if (attempt === 5) throw conflict(target.type, name);
    }
  }

  async #updateOnce(target: Target, before: Obj, produce: Produce, options: WriteOptions) {
    const { type, version, cluster } = target;
    const { store, admission } = this.#options;
    const { name } = before.metadata;
    const warnings: string[] = [];
    const present = asVersion(type, before, version.name);
    const given = produce(present);
    const meta = asObject(given.metadata);
    if (asString(meta.name) !== name) {
      throw badRequest(`the name of the object (${asString(meta.name)}) does not match the name on the URL (${name})`);
    }
    const wantedVersion = asString(meta.resourceVersion);
    if (wantedVersion && !/^\d+$/.test(wantedVersion)) {
      throw new StatusError(`strconv.ParseUint: parsing "${wantedVersion}": invalid syntax`, { code: 500, reason: "" });
    }
    if (wantedVersion && wantedVersion !== before.metadata.resourceVersion) throw conflict(type, name);
    requireUid(type, before, asString(meta.uid));
    const shaped = shape(target, given, options, warnings);
    const after = nextObject(target, present, shaped);
    const about = { operation: "UPDATE", object: after, before, name } as const;
    const review = this.#review(target, options, about, warnings);
    const tracked = this.#tracked(target, present, admission.complete({ ...review, object: after }), options);
    const admitted = await admission.mutate({ ...review, object: tracked });
    const fixed = validateMetadataUpdate(before.metadata, asObject(shaped.metadata));
    refuse(type, name, [
      // Kubernetes looks at this twice, and at the rest of metadata once more, and says so.
      ...fixed,
      ...fixed,
      ...metadataCauses(type, admitted).flatMap((cause) => [cause, cause, cause]),
      ...contentCauses(target, asVersion(type, admitted, version.name), present),
    ]);
    await admission.validate({ ...review, object: admitted });
    target.view.check?.({ ...review, object: admitted });
    // Admission takes its time: meanwhile others may have written.
    if (store.get(type.storage, cluster, keyFor(name, target.namespace)) !== before) return undefined;
    const stored = asVersion(type, admitted, type.storageVersion);
    const object = options.isDryRun ? updated(type, before, stored) : commit(store, type, before, stored).object;
    return { object, isNew: false, warnings };
  }

  /** Server-side apply; makes the object if there is none. */
  async apply(target: Target, name: string, given: JsonObject, options: WriteOptions): Promise<Written> {
    const { type, version } = target;
    if (asObject(given.metadata).managedFields !== undefined) {
      throw badRequest("metadata.managedFields must be nil");
    }
    requireTyped(target, name, given);
    const applied = ownPart(target, given);
    const manager = this.#manager(target, options);
    const recorded = { ...options, isApply: true };
    const schema = version.schema;
    if (!this.#find(target, name)) {
      if (target.subresource) throw notFound(type, name);
      const uid = asString(asObject(given.metadata).uid);
      const why = `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`;
      if (uid) throw conflict(type, name, why);
      const { managedFields } = applyTo(schema, undefined, applied, manager, {
        force: true,
        hasStructs: type.isNative,
      });
      return this.create(
        target,
        { ...applied, metadata: { ...asObject(applied.metadata), name, managedFields } },
        recorded,
      );
    }
    const produce: Produce = (present) => {
      const { object, managedFields } = applyTo(schema, present, applied, manager, {
        force: options.force,
        hasStructs: type.isNative,
      });
      const { resourceVersion, uid } = asObject(given.metadata);
      const metadata = {
        ...asObject(object.metadata),
        managedFields,
        ...(resourceVersion && { resourceVersion }),
        ...(uid && { uid }),
      };
      return { ...object, metadata };
    };
    return this.update(target, name, produce, recorded);
  }

  async delete(target: Target, name: string, options: DeleteOptions): Promise<Committed> {
    const { type } = target;
    const { isDryRun } = options;
    const before = this.present(target, name);
    const { uid, resourceVersion } = before.metadata;
    const wrong = (what: string, given: string, found: string, why: string) =>
      conflict(
        { ...type, plural: type.kind },
        name,
        `the ${what} in the precondition (${given}) does not match the ${what} in record (${found}). The object might have been ${why}`,
      );
    if (options.uid && options.uid !== uid) throw wrong("UID", options.uid, uid, "deleted and then recreated");
    if (options.resourceVersion && options.resourceVersion !== resourceVersion) {
      throw wrong("ResourceVersion", options.resourceVersion, resourceVersion, "modified");
    }
    const review = this.#review(target, { isDryRun }, { operation: "DELETE", before, name });
    await this.#options.admission.validate(review);
    const { store, now } = this.#options;
    const present = this.present(target, name);
    const held = options.propagation === "Foreground" ? withFinalizer(present, "foregroundDeletion") : present;
    const orphaned = options.propagation === "Orphan" ? withFinalizer(held, "orphan") : held;
    return isDryRun ? deletion(type, orphaned, now()) : commitDeletion(store, type, orphaned, now());
  }

  /** Throws 404 when there is none, or the view does not show it. */
  present(target: Target, name: string): Obj {
    const found = this.#find(target, name);
    if (!found) throw notFound(target.type, name);
    return found;
  }

  #find({ view, type, cluster, namespace }: Target, name: string): Obj | undefined {
    const found = this.#options.store.get(type.storage, cluster, keyFor(name, namespace));
    return found && view.shows(type, found) ? found : undefined;
  }

  #requireNamespace({ type, cluster, namespace }: Target, object: string): void {
    if (!type.namespaced || namespace === undefined) return;
    const found = this.#options.store.get("namespaces.core", cluster, namespace);
    const name = { group: "", plural: "namespaces", kind: "Namespace" };
    if (!found) throw notFound(name, namespace);
    if (!found.metadata.deletionTimestamp) return;
    const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
    const message = `namespace ${namespace} is being terminated`;
    throw forbidden(type, object, why, [{ reason: "NamespaceTerminating", message, field: "metadata.namespace" }]);
  }

  /** With the record of who set which field; an apply brings its own along. */
  #tracked(target: Target, before: JsonObject, after: Obj, options: WriteOptions): Obj {
    const known = asObject(before.metadata).managedFields;
    if (options.isApply) return after;
    const isForgotten = after.metadata.managedFields?.some((entry) => Object.keys(entry).length === 0);
    if (isForgotten) return withMeta(after, { managedFields: undefined });
    // What nobody has set a field of is not tracked from then on.
    if (before.metadata !== undefined && known === undefined) return after;
    const base: JsonObject = { ...before, metadata: { ...asObject(before.metadata), managedFields: known ?? [] } };
    const managedFields = trackUpdate(
      target.version.schema,
      base,
      after,
      this.#manager(target, options),
      target.type.isNative,
    );
    return withMeta(after, { managedFields: managedFields.length > 0 ? managedFields : undefined });
  }

  #manager({ type, version, subresource }: Target, { manager }: WriteOptions): Manager {
    const apiVersion = apiVersionOf(type.group, version.name);
    return { name: manager, apiVersion, subresource, time: timestamp(this.#options.now()) };
  }

  #review(
    { type, cluster, subresource, user, namespace }: Target,
    { isDryRun, fieldManager }: Pick<WriteOptions, "isDryRun" | "fieldManager">,
    about: Pick<Review, "operation" | "name"> & { readonly object?: Obj; readonly before?: Obj },
    warnings: string[] = [],
  ): Review {
    const what = { object: undefined, before: undefined, ...about, type, cluster, subresource, namespace };
    return { ...what, user, isDryRun, ...(fieldManager && { fieldManager }), warn: (text) => warnings.push(text) };
  }
}

export interface DeleteOptions {
  readonly isDryRun: boolean;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly propagation?: string;
}

/** What was never stored lacks what the storage adds. */
function unstored(object: Obj): Obj {
  const { [clusterAnnotation]: _cluster, ...annotations } = object.metadata.annotations ?? {};
  const isAny = Object.keys(annotations).length > 0;
  const { resourceVersion: _version, ...rest } = withMeta(object, {
    annotations: isAny ? annotations : undefined,
  }).metadata;
  return { ...object, metadata: rest as Meta };
}

/** Another uid means another object, though it has the same name; kcp tells it as its storage does. */
function requireUid(type: ResourceType, { metadata }: Obj, given: string): void {
  if (!given || given === metadata.uid) return;
  const { name, namespace, annotations } = metadata;
  const place = [
    type.group || "core",
    type.plural,
    type.binding?.identityHash,
    annotations?.[clusterAnnotation],
    namespace,
  ];
  const key = `/registry/${[...place, name].filter(Boolean).join("/")}`;
  const why = `Precondition failed: UID in precondition: ${given}, UID in object meta: ${metadata.uid}`;
  const told = `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: ${why}`;
  throw conflict(type, name, told);
}

function refuse(type: ResourceType, name: string, causes: readonly Cause[]): void {
  if (causes.length > 0) throw invalid(type, name, causes);
}

function withFinalizer(object: Obj, name: string): Obj {
  const present = object.metadata.finalizers ?? [];
  return present.includes(name) ? object : withMeta(object, { finalizers: [...present, name] });
}
