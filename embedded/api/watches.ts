import type { Clock } from "../clock.ts";
import type { Json, JsonObject } from "../json.ts";
import { type Obj, withMeta } from "../object.ts";
import { apiVersionOf, asVersion } from "../resources/resource-type.ts";
import { expired } from "../status-error.ts";
import type { Change, Store } from "../store/store.ts";
import { listOptions, tooLarge } from "./list-options.ts";
import { selection } from "./reads.ts";
import type { Target } from "./target.ts";

/** Takes what a watch says, one event at a time. */
export interface Sink {
  write(event: JsonObject): void;
  /** No more will come. */
  end(): void;
  /** Resolves once the client has gone. */
  readonly closed: Promise<void>;
}
export interface WatchOptions {
  readonly store: Store;
  readonly target: Target;
  readonly query: URLSearchParams;
  readonly sink: () => Sink;
  /** The form of the objects, as rows of a table. */
  readonly render: (object: Obj) => Json;
  readonly clock: Clock;
  readonly bookmarkMs: number;
  readonly onEnd: (end: () => void) => void;
}

/** Replays what happened after the asked version, then follows. Throws before the answer begins, or not at all. */
export function startWatch({ store, target, query, sink: open, render, clock, bookmarkMs, onEnd }: WatchOptions): void {
  const { type, version } = target;
  const matches = selection(target, query);
  const { revision: from, wantsInitialEvents } = listOptions(query, true);
  if (from > store.revision) throw tooLarge(from, store.revision);
  const cluster = target.cluster === "*" ? undefined : target.cluster;
  const isHere = ({ storage, object }: Change) =>
    storage === type.storage && (cluster === undefined || object.metadata.annotations?.["kcp.io/cluster"] === cluster);
  const missed = from > 0 && !wantsInitialEvents ? store.since(from) : [];
  const sink = open();
  const tell = (kind: string, object: Obj) => {
    const shown = asVersion(type, object, version.name);
    sink.write({ type: kind, object: render(shown) });
  };
  if (!missed) {
    const status = expired(`too old resource version: ${from} (${store.revision})`).toStatus();
    sink.write({ type: "ERROR", object: status });
    sink.end();
    return;
  }
  const follow = (change: Change) => {
    if (!isHere(change)) return;
    const { before, object } = change;
    const isNow = change.type !== "DELETED" && matches(object);
    const was = change.type !== "ADDED" && before !== undefined && matches(before);
    if (isNow) tell(was ? "MODIFIED" : "ADDED", object);
    else if (change.type === "DELETED" ? was || matches(object) : was) tell("DELETED", lastSeen(change));
  };
  if (from === 0 || wantsInitialEvents)
    for (const object of store.list(type.storage, cluster)) if (matches(object)) tell("ADDED", object);
  for (const change of missed) follow(change);

  const unsubscribe = store.subscribe(follow);
  const bookmark = (annotations?: JsonObject) => {
    const resourceVersion = String(store.revision);
    const metadata = { creationTimestamp: null, resourceVersion, ...(annotations && { annotations }) };
    const object = { apiVersion: apiVersionOf(type.group, version.name), kind: type.kind, metadata };
    sink.write({ type: "BOOKMARK", object });
  };
  const wantsBookmarks = query.get("allowWatchBookmarks") === "true";
  if (wantsBookmarks && wantsInitialEvents) bookmark({ "k8s.io/initial-events-end": "true" });
  let cancelBookmark = () => {};
  const bookmarkLater = () => {
    cancelBookmark = clock.after(bookmarkMs, () => {
      bookmark();
      bookmarkLater();
    });
  };
  if (wantsBookmarks) bookmarkLater();
  const seconds = Number(query.get("timeoutSeconds")) || defaultSeconds;
  const end = () => {
    unsubscribe();
    cancelBookmark();
    cancelTimeout();
    sink.end();
  };
  const cancelTimeout = clock.after(seconds * 1000, () => {
    // The version of the last bookmark is where the next watch begins.
    if (wantsBookmarks) bookmark();
    end();
  });
  onEnd(end);
  void sink.closed.then(end);
}

/** What leaves a selection is told as it was in it. */
function lastSeen({ type, object, before = object }: Change): Obj {
  return type === "DELETED" ? object : withMeta(before, { resourceVersion: object.metadata.resourceVersion });
}

const defaultSeconds = 1_800;
