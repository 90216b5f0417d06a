import { randomBytes, randomUUID } from "node:crypto";
import { applyTo, type Manager, trackUpdate } from "../apply/managed-fields.ts";
import { withMetadata } from "../apply/typed.ts";
import { asObject, asString, type Json, type JsonObject } from "../json.ts";
import { clusterAnnotation, keyFor, type Meta, type Obj, timestamp, withMeta } from "../object.ts";
import { apiVersionOf, asVersion, type ResourceType } from "../resources/resource-type.ts";
import { pruneMetadata, validateMetadata, validateMetadataUpdate } from "../schema/metadata.ts";
import { prune, withDefaults } from "../schema/shape.ts";
import { validate, validateObject } from "../schema/validate.ts";
import { alreadyExists, badRequest, type Cause, conflict, invalid, notFound, StatusError } from "../status-error.ts";
import { type Committed, commit, commitDeletion, commitNew, deletion, updated } from "../store/commit.ts";
import type { Store } from "../store/store.ts";
import type { Admission, Review } from "./admission.ts";
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
    const shaped = this.#shape(target, view.prepare?.(type, cluster, given) ?? given, options, warnings);
    const object = this.#newObject(target, shaped);
    if (asString(asObject(shaped.metadata).resourceVersion)) {
      throw new StatusError("resourceVersion should not be set on objects to be created", { code: 500, reason: "" });
    }
    const review = this.#review(target, options, { operation: "CREATE", object, name: object.metadata.name });
    const admitted = await this.#options.admission.mutate({ ...review, object });
    refuse(type, object.metadata.name, [
      ...this.#problems(type, admitted),
      ...this.#mistakes(target, asVersion(type, admitted, version.name), undefined),
    ]);
    await this.#options.admission.validate({ ...review, object: admitted });
    view.check?.({ ...review, object: admitted });
    this.#requireNamespace(target);
    const { store } = this.#options;
    if (store.get(type.storage, cluster, keyFor(object.metadata.name, target.namespace))) {
      throw alreadyExists(type, object.metadata.name);
    }
    const tracked = this.#tracked(target, {}, admitted, options);
    const stored = asVersion(type, tracked, type.storageVersion);
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
    const shaped = this.#shape(target, given, options, warnings);
    const after = this.#nextObject(target, present, shaped);
    const review = this.#review(target, options, { operation: "UPDATE", object: after, before, name });
    const admitted = await admission.mutate({ ...review, object: after });
    const fixed = validateMetadataUpdate(before.metadata, asObject(shaped.metadata));
    refuse(type, name, [
      // Kubernetes looks at this twice and says so.
      ...fixed,
      ...fixed,
      ...this.#problems(type, admitted),
      ...this.#mistakes(target, asVersion(type, admitted, version.name), present),
    ]);
    await admission.validate({ ...review, object: admitted });
    target.view.check?.({ ...review, object: admitted });
    // Admission takes its time: meanwhile others may have written.
    if (store.get(type.storage, cluster, keyFor(name, target.namespace)) !== before) return undefined;
    const tracked = asVersion(type, this.#tracked(target, present, admitted, options), type.storageVersion);
    const object = options.isDryRun ? updated(type, before, tracked) : commit(store, type, before, tracked).object;
    return { object, isNew: false, warnings };
  }

  /** Server-side apply; makes the object if there is none. */
  async apply(target: Target, name: string, applied: JsonObject, options: WriteOptions): Promise<Written> {
    const { type, version } = target;
    if (asObject(applied.metadata).managedFields !== undefined) {
      throw badRequest("metadata.managedFields must be nil");
    }
    const unknown: string[] = [];
    prune(withMetadata(version.schema), applied, "", (path) => unknown.push(path));
    const [undeclared] = unknown.filter((path) => !path.startsWith("metadata."));
    if (undeclared !== undefined) {
      const where = `${target.namespace ?? ""}/${name}; ${apiVersionOf(type.group, version.name)}, Kind=${type.kind}`;
      const why = `.${undeclared}: field not declared in schema`;
      throw new StatusError(`failed to create typed patch object (${where}): ${why}`, { code: 500, reason: "" });
    }
    const manager = this.#manager(target, options);
    const recorded = { ...options, isApply: true };
    const schema = version.schema;
    if (!this.#find(target, name)) {
      if (target.subresource) throw notFound(type, name);
      const { managedFields } = applyTo(schema, undefined, applied, manager, {
        force: true,
        hasStructs: type.isNative,
      });
      return this.create(target, { ...applied, metadata: { ...asObject(applied.metadata), managedFields } }, recorded);
    }
    const produce: Produce = (present) => {
      const { object, managedFields } = applyTo(schema, present, applied, manager, {
        force: options.force,
        hasStructs: type.isNative,
      });
      const given = asString(asObject(applied.metadata).resourceVersion);
      const metadata = {
        ...asObject(object.metadata),
        managedFields,
        ...(given && { resourceVersion: given }),
      };
      return { ...object, metadata };
    };
    return this.update(target, name, produce, recorded);
  }

  async delete(target: Target, name: string, options: DeleteOptions, isDryRun: boolean): Promise<Committed> {
    const { type } = target;
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

  #requireNamespace({ type, cluster, namespace }: Target): void {
    if (!type.namespaced || namespace === undefined) return;
    const found = this.#options.store.get("namespaces.core", cluster, namespace);
    const name = { group: "", plural: "namespaces", kind: "Namespace" };
    if (!found) throw notFound(name, namespace);
    if (!found.metadata.deletionTimestamp) return;
    const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
    throw new StatusError(`${type.plural} is forbidden: ${why}`, { code: 403, reason: "Forbidden" });
  }

  /** Defaults filled in, and what nobody knows taken away. */
  #shape({ type, version }: Target, given: JsonObject, options: WriteOptions, warnings: string[]): JsonObject {
    const unknown: string[] = [];
    const { metadata, ...content } = given;
    const pruned = prune(version.schema, content, "", (path) => unknown.push(path));
    const meta = pruneMetadata(asObject(metadata), (path) => unknown.push(path));
    const said = unknown.sort().map((path) => `unknown field "${path}"`);
    if (said.length > 0 && options.validation === "Strict") {
      const what = `${type.kind} in version "${version.name}" cannot be handled as a ${type.kind}`;
      throw badRequest(`${what}: strict decoding error: ${said.join(", ")}`);
    }
    if (options.validation === "Warn") warnings.push(...said);
    return { ...asObject(withDefaults(version.schema, pruned)), metadata: meta };
  }

  #newObject({ type, version, cluster, namespace }: Target, shaped: JsonObject): Obj {
    const { status, ...wanted } = shaped;
    const meta = asObject(shaped.metadata);
    const prefix = asString(meta.generateName);
    const name = asString(meta.name) || (prefix && prefix + randomSuffix());
    if (!name) {
      const message = "Required value: name or generateName is required";
      throw invalid(type, "", [{ reason: "FieldValueRequired", message, field: "metadata.name" }]);
    }
    const given = asString(meta.namespace);
    if (given && given !== namespace && type.namespaced) {
      throw badRequest(`the namespace of the provided object does not match the namespace sent on the request`);
    }
    const isCounted = !type.isNative || type.group === "admissionregistration.k8s.io";
    const { resourceVersion: _version, namespace: _namespace, selfLink: _link, ...kept } = meta;
    const metadata = {
      ...kept,
      name,
      ...(namespace !== undefined && type.namespaced && { namespace }),
      uid: randomUUID(),
      creationTimestamp: timestamp(this.#options.now()),
      ...(isCounted && { generation: 1 }),
      annotations: { ...asObject(meta.annotations), [clusterAnnotation]: cluster },
    };
    const keepsStatus = !version.hasStatus && status !== undefined;
    // Status is for those who observe; what the schema itself puts there stays.
    const defaulted = version.hasStatus ? defaultStatus(version.schema) : undefined;
    return {
      ...wanted,
      ...(keepsStatus && { status }),
      ...(defaulted !== undefined && { status: defaulted }),
      apiVersion: apiVersionOf(type.group, version.name),
      kind: type.kind,
      metadata: metadata as unknown as Meta,
    };
  }

  /** What may change: by the main resource everything but status, by `/status` only that. */
  #nextObject({ type, version, subresource }: Target, present: JsonObject, shaped: JsonObject): Obj {
    const before = present as Obj;
    const given = asObject(shaped.metadata) as unknown as Partial<Meta>;
    const { uid, creationTimestamp, generation, deletionTimestamp, deletionGracePeriodSeconds } = before.metadata;
    const { namespace, name, generateName, resourceVersion } = before.metadata;
    const fixed = Object.fromEntries(
      Object.entries({
        ...{ uid, creationTimestamp, generation, deletionTimestamp, deletionGracePeriodSeconds },
        ...{ namespace, name, generateName, resourceVersion },
      }).filter(([, value]) => value !== undefined),
    );
    const identity = { apiVersion: apiVersionOf(type.group, version.name), kind: type.kind };
    const { managedFields } = given;
    if (subresource === "status") {
      const metadata = { ...before.metadata, ...(managedFields && { managedFields }) };
      return withoutAbsent({ ...before, ...identity, status: shaped.status, metadata });
    }
    const { finalizers, labels, annotations, ownerReferences } = given;
    const metadata = {
      ...fixed,
      ...(labels && { labels }),
      ...(annotations && { annotations }),
      ...(finalizers?.length && { finalizers }),
      ...(ownerReferences?.length && { ownerReferences }),
      ...(managedFields && { managedFields }),
    } as unknown as Meta;
    const status = version.hasStatus ? before.status : shaped.status;
    return withoutAbsent({ ...shaped, ...identity, status, metadata });
  }

  /** Against the schema; of a write to `/status` only that is looked at. */
  #mistakes({ type, version, subresource }: Target, object: Obj, before: JsonObject | undefined): readonly Cause[] {
    const { status } = version.schema.properties ?? {};
    if (subresource === "status" && status) {
      const causes = validate(status, object.status, "", before?.status);
      return causes.map((cause) => ({ ...cause, field: cause.field ? `status.${cause.field}` : "status" }));
    }
    const causes = validateObject(version.schema, object, before);
    const wrongType = causes.find(({ reason }) => reason === "FieldValueTypeInvalid");
    if (type.isNative && wrongType) throw undecodable(type, version.name, wrongType);
    return causes;
  }

  #problems(type: ResourceType, object: Obj): readonly Cause[] {
    const isPath = type.group === "rbac.authorization.k8s.io";
    const rule = isPath ? "path" : type.kind === "Namespace" ? "label" : "subdomain";
    return validateMetadata(object.metadata, rule);
  }

  /** With the record of who set which field; an apply brings its own along. */
  #tracked(target: Target, before: JsonObject, after: Obj, options: WriteOptions): Obj {
    const known = asObject(before.metadata).managedFields;
    if (options.isApply) return after;
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
    { isDryRun }: Pick<WriteOptions, "isDryRun">,
    about: Pick<Review, "operation" | "name"> & { readonly object?: Obj; readonly before?: Obj },
  ): Review {
    return { object: undefined, before: undefined, ...about, type, cluster, subresource, user, isDryRun, namespace };
  }
}

export interface DeleteOptions {
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

function refuse(type: ResourceType, name: string, causes: readonly Cause[]): void {
  if (causes.length > 0) throw invalid(type, name, causes);
}

/** Types built into Kubernetes are decoded before they are checked. */
function undecodable({ kind }: ResourceType, version: string, { field, message }: Cause): StatusError {
  const [, wanted = "", found = ""] = /must be of type ([a-z-]+): "([^"]*)"$/.exec(message) ?? [];
  const path = field.split(".").slice(0, -1).join(".") || field;
  const why =
    wanted === "byte"
      ? "illegal base64 data at input byte 0"
      : `json: cannot unmarshal ${found.replace("integer", "number")} into Go struct field ${kind}.${path} of type ${wanted}`;
  return badRequest(`${kind} in version "${version}" cannot be handled as a ${kind}: ${why}`);
}

function withFinalizer(object: Obj, name: string): Obj {
  const present = object.metadata.finalizers ?? [];
  return present.includes(name) ? object : withMeta(object, { finalizers: [...present, name] });
}

/** The status that a schema gives to an object that has none. */
function defaultStatus(schema: Target["version"]["schema"]): Json | undefined {
  const status = schema.properties?.status;
  return status?.default === undefined ? undefined : withDefaults(status, status.default);
}

const withoutAbsent = (object: Obj): Obj =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Obj;

const letters = "bcdfghjklmnpqrstvwxz2456789";
export const randomSuffix = (length = 5): string =>
  [...randomBytes(length)].map((byte) => letters[byte % letters.length]).join("");
