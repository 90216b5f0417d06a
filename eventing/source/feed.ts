import type { Log } from "../../shared/function.ts";
import { apiVersionOf, type Kind, kinds } from "../../shared/kcp/kinds.ts";
import { clusterAnnotation, clusterOf, type ObjectOf } from "../../shared/kcp/objects.ts";
import { isNewer } from "../../shared/kcp/resource-version.ts";
import type { Checkpoint } from "../bus/bus.ts";
import type { Clock } from "../clock.ts";
import { accountKeyOf } from "./account-key.ts";
import { type Forwardable, type Forwarding, forwarded, type VerbOfEvent } from "./cloud-event.ts";
import type { Hold } from "./hold.ts";
import { Noted } from "./noted.ts";
import type { Publisher } from "./publisher.ts";
import type { Observer } from "./reflector.ts";
import { Turns } from "./turns.ts";
import type { Change, Page } from "./wire.ts";

export interface FeedOptions<K extends Kind> {
  readonly kind: K;
  readonly shard: string;
  readonly forwarding: Forwarding;
  readonly publisher: Publisher;
  readonly checkpoint: Checkpoint;
  readonly hold: Hold;
  readonly clock: Clock;
  readonly log: Log;
  readonly hooks: FeedHooks;
  /** Changes that may be on their way to the bus at once, those of one object in their order; 1 unless given. */
  readonly parallel?: number;
}
export interface FeedHooks {
  /** An event was stored by the bus `milliseconds` after its object arrived. */
  readonly onEvent?: (event: {
    readonly kind: Kind;
    readonly verb: VerbOfEvent;
    readonly milliseconds: number;
  }) => void;
  /** A watch broke, or a list failed. */
  readonly onRestart?: (watch: { readonly kind: Kind; readonly shard: string; readonly reason: string }) => void;
}

/** Turns one kind on one shard into events: the store is told first, then the bus, then the checkpoint. So nothing is lost
 *  by ending anywhere in between, and what was published already is not published again after a restart. */
export class Feed<K extends Kind> implements Observer<ObjectOf[K]> {
  readonly #options: FeedOptions<K>;
  /** Last published state by `<cluster>/<name>`. */
  readonly #published: Noted;
  readonly #turns: Turns;
  #version = "0";
  #isConnected = false;
  #isListed = false;

  constructor(options: FeedOptions<K>) {
    this.#options = options;
    this.#published = new Noted(options);
    this.#turns = new Turns(options.parallel ?? 1);
  }

  /** The store has all there is, its events are on the bus, and the watch runs. */
  get synced(): boolean {
    return this.#isConnected;
  }

  /** The store has what there was at the last list. */
  get inStore(): boolean {
    return this.#isListed;
  }

  /** Remembers what was published before this process started. */
  load(): Promise<void> {
    return this.#published.load();
  }

  /** Leaves a checkpoint that is up to date. */
  async close(): Promise<void> {
    await this.#turns.idle();
    await this.#published.flush();
  }

  async listed({ objects, resourceVersion }: Page<ObjectOf[K]>): Promise<void> {
    const { forwarding, hold, kind, shard } = this.#options;
    // Versions only grow, unless kcp was made anew.
    const isReset = isNewer(this.#version, resourceVersion);
    // What is still on its way was seen before.
    await this.#turns.idle();
    forwarding.store.replace(kind, shard, { objects, resourceVersion, isReset });
    this.#isListed = true;
    hold.check();
    this.#version = resourceVersion;
    const gone = new Set(this.#published.keys());
    for (const object of objects) gone.delete(keyOf(object));
    const jobs = [
      ...[...gone].map((key) => () => this.#forwardGone(key)),
      ...objects.map((object) => () => this.#forward(object)),
    ];
    await inParallel(jobs);
  }

  async changed({ type, object }: Change<ObjectOf[K]>): Promise<void> {
    const { forwarding, hold, kind, shard } = this.#options;
    this.#version = object.metadata.resourceVersion;
    if (type === "DELETED") {
      forwarding.store.remove(kind, object);
      await this.#turns.take(keyOf(object), () => this.#publish("delete", object)).room;
      return;
    }
    forwarding.store.put(kind, object, shard);
    hold.check();
    await this.#turns.take(keyOf(object), () => this.#forward(object)).room;
  }

  connected(): void {
    const { kind, log, shard } = this.#options;
    if (!this.#isConnected) log.info({ kind, shard, objects: this.#published.size }, "watch runs");
    this.#isConnected = true;
  }

  disconnected(reason: string): void {
    const { hooks, kind, log, shard } = this.#options;
    log[this.#isConnected ? "warn" : "debug"]({ kind, shard, reason }, "watch broke");
    this.#isConnected = false;
    hooks.onRestart?.({ kind, shard, reason });
  }

  /** Publishes an object unless this state of it is on the bus already. */
  async #forward(object: ObjectOf[K]): Promise<void> {
    const key = keyOf(object);
    const known = this.#published.get(key);
    const isSame = known?.uid === object.metadata.uid;
    if (isSame && known?.resourceVersion === object.metadata.resourceVersion) return;
    if (known && !isSame) await this.#forwardGone(key);
    if (this.#isEarly(object)) {
      // Not awaited: the bindings of other workspaces need not wait for this one's owner.
      void this.#forwardLater(object).catch(() => undefined);
      return;
    }
    await this.#publish(isSame ? "update" : "add", object);
  }

  #isEarly(object: ObjectOf[K]): boolean {
    return lying.has(this.#options.kind) && !this.#options.forwarding.store.ownerOf(clusterOf(object));
  }

  async #forwardLater(object: ObjectOf[K]): Promise<void> {
    const { forwarding, hold, kind } = this.#options;
    const { name, uid, resourceVersion } = object.metadata;
    await hold.owner(clusterOf(object));
    // Overtaken meanwhile: what came later is forwarded by itself.
    const present = forwarding.store.peek(kind, clusterOf(object), name)?.metadata;
    if (present?.uid !== uid || present.resourceVersion !== resourceVersion) return;
    await this.#publish(this.#published.get(keyOf(object))?.uid === uid ? "update" : "add", object);
  }

  /** A delete that nobody saw carries no more than what the checkpoint knows (decisions.md 3). */
  async #forwardGone(key: string): Promise<void> {
    const known = this.#published.get(key);
    const [cluster = "", name = ""] = key.split("/");
    if (!known) return;
    const { kind } = this.#options;
    const { uid, resourceVersion } = known;
    const metadata = { name, uid, resourceVersion, annotations: { [clusterAnnotation]: cluster } };
    await this.#send("delete", { apiVersion: apiVersionOf(kinds[kind]), kind, metadata }, known.accountkey);
  }

  async #publish(verb: VerbOfEvent, object: ObjectOf[K]): Promise<void> {
    const { forwarding, kind } = this.#options;
    // Whose it was first seen to be: a label or a lineage edited by hand wakes the account that has to restore it.
    const known = this.#published.get(keyOf(object));
    const since = known?.uid === object.metadata.uid ? known.accountkey : undefined;
    await this.#send(verb, object, since ?? accountKeyOf(kind, object, forwarding.store) ?? known?.accountkey);
  }

  async #send(verb: VerbOfEvent, object: Forwardable, accountkey: string | undefined): Promise<void> {
    const { forwarding, hooks, kind, publisher } = this.#options;
    const { uid, resourceVersion } = object.metadata;
    const started = performance.now();
    await publisher.publish(forwarded(forwarding, verb, kind, object, accountkey));
    hooks.onEvent?.({ kind, verb, milliseconds: performance.now() - started });
    const key = keyOf(object);
    const entry = { uid, resourceVersion, ...(accountkey !== undefined && { accountkey }) };
    if (verb === "delete") await this.#published.delete(key);
    else await this.#published.set(key, entry);
  }
}

/** Kinds whose objects do not say themselves whose they are. */
const lying: ReadonlySet<Kind> = new Set(["APIBinding", "Membership"]);

const keyOf = ({ metadata }: Forwardable): string =>
  `${metadata.annotations?.[clusterAnnotation] ?? ""}/${metadata.name}`;

/** Enough to hide the way to the bus and back. */
const parallel = 32;

async function inParallel(jobs: readonly (() => Promise<void>)[]): Promise<void> {
  const queue = jobs.values();
  const worker = async () => {
    for (const job of queue) await job();
  };
  await Promise.all(Array.from({ length: parallel }, worker));
}
