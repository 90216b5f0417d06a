import { jsonPatch, mergePatch, strategicPatch } from "../apply/patches.ts";
import type { Clock } from "../clock.ts";
import { asObject, isObject, type Json } from "../json.ts";
import type { Obj } from "../object.ts";
import { asVersion } from "../resources/resource-type.ts";
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
import { decodeObject, parseBody } from "./decode.ts";
import {
  contentType,
  deleteOptions,
  type Incoming,
  parsePatch,
  refuseOptions,
  requireManager,
  wantsTable,
} from "./incoming.ts";
import { listOf, listPage } from "./reads.ts";
import { tableOf } from "./table.ts";
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
    if (cluster === "*") throw verb === "get" ? unexpected() : methodNotAllowed();
    if (verb === "get") return this.#shown(target, incoming, { object: this.#options.writer.present(target, name) });
    return this.#write(verb, target, incoming);
  }

  #list(target: Target, incoming: Incoming): Answer {
    const page = listPage(this.#options.store, target, incoming.url.searchParams);
    if (!wantsTable(incoming)) return { code: 200, body: listOf(target, page) };
    const settings = { now: this.#options.clock.now(), include: incoming.url.searchParams.get("includeObject") ?? "" };
    return { code: 200, body: tableOf(target, page.items, page.metadata, settings) };
  }

  #watch(target: Target, incoming: Incoming): Answer {
    const { store, clock, bookmarkMs } = this.#options;
    const query = incoming.url.searchParams;
    let withHeader = true;
    const asRow = (object: Obj): Json => {
      const settings = { now: clock.now(), include: query.get("includeObject") ?? "", withHeader };
      withHeader = false;
      return tableOf(target, [object], { resourceVersion: object.metadata.resourceVersion }, settings);
    };
    const render = wantsTable(incoming) ? { render: asRow } : {};
    return { watch: (sink, onEnd) => startWatch({ store, target, query, sink, clock, bookmarkMs, onEnd, ...render }) };
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
    const settings = { now: this.#options.clock.now(), include: incoming.url.searchParams.get("includeObject") ?? "" };
    const { resourceVersion } = object.metadata;
    const body = wantsTable(incoming) ? tableOf(target, [shown], { resourceVersion }, settings) : shown;
    return { code: isNew ? 201 : 200, body, ...(warnings && { warnings }) };
  }
}

const applyType = "application/apply-patch+yaml";

/** What a virtual workspace says that asked kcp for one object of all clusters. */
const unexpected = (): StatusError =>
  new StatusError("the server could not find the requested resource", {
    code: 404,
    reason: "NotFound",
    details: { causes: [{ reason: "UnexpectedServerResponse", message: "404 page not found" }] },
  });
