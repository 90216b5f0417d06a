import type { Json, JsonObject } from "../json.ts";
import type { Obj } from "../object.ts";
import { formOf } from "./accept.ts";
import type { Incoming } from "./incoming.ts";
import { listOf, type Page } from "./reads.ts";
import { metadataOf, tableOf } from "./table.ts";
import type { Target } from "./target.ts";

/** Objects in the form that a client asks for. */
export interface Forms {
  one(object: Obj): Json;
  list(page: Page): Json;
  /** For the events of one watch: only the first table has a header. */
  events(): (object: Obj) => Json;
}

export function formsFor(target: Target, incoming: Incoming, now: () => number): Forms {
  const form = formOf(incoming);
  if (form === "objects") return { one: (object) => object, list: (page) => listOf(target, page), events: () => same };
  if (form === "metadata") return { one: metadataOf, list: metadataList, events: () => metadataOf };
  const include = incoming.url.searchParams.get("includeObject") ?? "";
  const table = (objects: readonly Obj[], metadata: JsonObject, withHeader = true) =>
    tableOf(target, objects, metadata, { now: now(), include, withHeader });
  const one = (object: Obj, withHeader?: boolean) =>
    table([object], { resourceVersion: object.metadata.resourceVersion }, withHeader);
  return {
    one,
    list: ({ items, metadata }) => table(items, metadata),
    events() {
      let isFirst = true;
      return (object) => {
        const row = one(object, isFirst);
        isFirst = false;
        return row;
      };
    },
  };
}

const same = (object: Obj): Json => object;
function metadataList({ items, metadata }: Page): JsonObject {
  const { continue: token, ...rest } = metadata;
  return {
    kind: "PartialObjectMetadataList",
    apiVersion: "meta.k8s.io/v1",
    metadata: token ? metadata : rest,
    items: items.map(metadataOf),
  };
}
