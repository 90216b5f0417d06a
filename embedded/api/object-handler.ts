import { jsonPatch, mergePatch, PatchError, strategicPatch } from "../apply/patches.ts";
import { withMetadata } from "../apply/typed.ts";
import type { Clock } from "../clock.ts";
import { asObject, asString, isObject, type Json, type JsonObject } from "../json.ts";
import type { Obj } from "../object.ts";
import { apiVersionOf, asVersion } from "../resources/resource-type.ts";
import {
  badRequest,
  type Cause,
  invalid,
  methodNotAllowed,
  StatusError,
  unsupportedMediaType,
} from "../status-error.ts";
import type { Store } from "../store/store.ts";
import type { Answer } from "./answer.ts";
import { decodeApplied } from "./applied.ts";
import { decodeObject, parseBody, wrongKind } from "./decode.ts";
import { duplicateFields } from "./duplicate-fields.ts";
import { type Forms, formsFor } from "./forms.ts";
import { contentType, deleteOptions, type Incoming, parsePatch, refuseOptions, requireManager } from "./incoming.ts";
import { listOf, listPage } from "./reads.ts";
import type { Target } from "./target.ts";
import { startWatch } from "./watches.ts";
import { type WriteOptions, writeOptions } from "./write-options.ts";
import type { Writer, Written } from "./writer.ts";

export interface ObjectHandlerOptions {
  readonly store: Store;
  readonly writer: Writer;
  readonly clock: Clock;
  /** Milliseconds between two bookmarks of a watch. */
  readonly bookmarkMs: number;
}

/** Answers requests about objects that are known to be allowed. */
export class ObjectHandler {
  readonly #options: ObjectHandlerOptions;

  constructor(options: ObjectHandlerOptions) {
    this.#options = options;
  }

  async handle(verb: string, target: Target, incoming: Incoming): Promise<Answer> {
    const { cluster, name = "" } = target;
    if (verb === "watch") return this.#watch(target, incoming);
    if (verb === "list") return this.#list(target, incoming);
    if (cluster === "*") throw unexpected();
    if (verb === "get") return this.#shown(target, incoming, { object: this.#options.writer.present(target, name) });
    return this.#write(verb, target, incoming);
  }

  #list(target: Target, incoming: Incoming): Answer {
    const forms = this.#forms(target, incoming);
    return { code: 200, body: forms.list(listPage(this.#options.store, target, incoming.url.searchParams)) };
  }

  #watch(target: Target, incoming: Incoming): Answer {
    const { store, clock, bookmarkMs } = this.#options;
    const render = this.#forms(target, incoming).events();
    const query = incoming.url.searchParams;
    return { watch: (sink, onEnd) => startWatch({ store, target, query, sink, clock, bookmarkMs, onEnd, render }) };
  }

  async #write(verb: string, target: Target, incoming: Incoming): Promise<Answer> {
    const { writer } = this.#options;
    const { name = "" } = target;
    if (verb === "delete") return this.#delete(target, incoming);
    if (verb === "deletecollection" && target.type.kind === "Namespace") throw methodNotAllowed();
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

  #writeOptions(verb: string, incoming: Incoming): WriteOptions {
    const { url, headers, body } = incoming;
    const kind = { create: "CreateOptions", patch: "PatchOptions" }[verb] ?? "UpdateOptions";
    const options = writeOptions(url.searchParams, String(headers["user-agent"] ?? ""), kind);
    const isJson = verb !== "patch" && !contentType(incoming).startsWith("application/yaml");
    return isJson && options.validation !== "Ignore" ? { ...options, duplicates: duplicateFields(body) } : options;
  }

  async #patch(target: Target, incoming: Incoming, options: WriteOptions): Promise<Answer> {
    const { writer } = this.#options;
    const { name = "", type, version } = target;
    const kind = contentType(incoming).split(";")[0];
    const query = incoming.url.searchParams;
    if (kind === applyType) {
      requireManager(query);
      const applied = decodeApplied(target, name, incoming.body);
      return this.#shown(target, incoming, await writer.apply(target, name, applied, options));
    }
    const given = { ...options, isPatch: true };
    const patches: Readonly<Record<string, (present: Json, patch: Json) => Json>> = {
      "application/json-patch+json": jsonPatch,
      "application/merge-patch+json": mergePatch,
      ...(type.isNative && {
        "application/strategic-merge-patch+json": (present, patch) =>
          strategicPatch(withMetadata(version.schema), present, patch),
      }),
    };
    const change = patches[kind ?? ""];
    if (!change && type.isNative) {
      throw new StatusError("415: Unsupported Media Type", { code: 415, reason: "UnsupportedMediaType" });
    }
    if (!change) throw unsupportedMediaType([...Object.keys(patches), applyType, applyType]);
    if (!name) throw badRequest("name must be provided");
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
    const produce = (present: JsonObject) =>
      requireType(
        target,
        fitting(() => change(present, patch)),
      );
    return this.#shown(target, incoming, await writer.update(target, name, produce, given));
  }

  async #delete(target: Target, incoming: Incoming): Promise<Answer> {
    const { name = "", type } = target;
    const options = deleteOptions(incoming);
    const { object, isGone } = await this.#options.writer.delete(target, name, options);
    if (!isGone) return this.#shown(target, incoming, { object });
    const details = { name, ...(type.group && { group: type.group }), kind: type.plural, uid: object.metadata.uid };
    return { code: 200, body: { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", details } };
  }

  async #deleteCollection(target: Target, incoming: Incoming): Promise<Answer> {
    const page = listPage(this.#options.store, target, incoming.url.searchParams);
    const options = deleteOptions(incoming);
    const items: Obj[] = [];
    for (const { metadata } of page.items) {
      const at = { ...target, namespace: metadata.namespace };
      const { object } = await this.#options.writer.delete(at, metadata.name, options);
      items.push(asVersion(target.type, object, target.version.name));
    }
    return { code: 200, body: listOf(target, { ...page, items }) };
  }

  #shown(target: Target, incoming: Incoming, { object, isNew, warnings }: Partial<Written> & { object: Obj }): Answer {
    const body = this.#forms(target, incoming).one(asVersion(target.type, object, target.version.name));
    return { code: isNew ? 201 : 200, body, ...(warnings && { warnings }) };
  }

  #forms(target: Target, incoming: Incoming): Forms {
    return formsFor(target, incoming, () => this.#options.clock.now());
  }
}

/** What the patch makes of an object; 422 where it does not fit. */
function fitting(patch: () => Json): JsonObject {
  try {
    return asObject(patch());
  } catch (cause) {
    if (!(cause instanceof PatchError)) throw cause;
    const message = "the server rejected our request due to an error in our request";
    throw new StatusError(message, { code: 422, reason: "Invalid", details: {} }, { cause });
  }
}

/** A patch leaves kind and version alone. */
function requireType({ type, version }: Target, object: JsonObject): JsonObject {
  if (object.kind !== type.kind) throw wrongKind(type, object);
  const wanted = apiVersionOf(type.group, version.name);
  if (object.apiVersion === wanted) return object;
  const message = `Invalid value: "${asString(object.apiVersion)}": must be ${wanted}`;
  throw invalid(type, asString(asObject(object.metadata).name), [
    { reason: "FieldValueInvalid", message, field: "apiVersion" },
  ]);
}

const applyType = "application/apply-patch+yaml";

/** What a virtual workspace says that asked kcp for one object of all clusters. */
const unexpected = (): StatusError =>
  new StatusError("the server could not find the requested resource", {
    code: 404,
    reason: "NotFound",
    details: { causes: [{ reason: "UnexpectedServerResponse", message: "404 page not found" }] },
  });
