import type { LogicalCluster } from "../../shared/kcp/objects.ts";

import type { Marker } from "../../shared/outside.ts";
import { accountKeyOf } from "./account-key.ts";
import { type Forwarding, forwarded } from "./cloud-event.ts";
import type { FeedHooks } from "./feed.ts";
import type { Publisher } from "./publisher.ts";
import type { Observer } from "./reflector.ts";
import type { Change, Page } from "./wire.ts";

export interface HeldFeedOptions {
  readonly marker: Marker;
  readonly forwarding: Forwarding;
  readonly publisher: Publisher;
  readonly hooks: FeedHooks;
}

const phases = { initializer: "Initializing", terminator: "Terminating" } as const;
const endings = { initializer: "initializing", terminator: "terminating" } as const;

/** The LogicalClusters that wait for our initializer or terminator, as events. They leave this collection when we let go
 *  of them, which is no deletion and no event (decisions.md 36); what is still in it after a restart is told again. */
export class HeldFeed implements Observer<LogicalCluster> {
  readonly #options: HeldFeedOptions;
  /** Version last published, by uid. */
  readonly #published = new Map<string, string>();
  #isConnected = false;

  constructor(options: HeldFeedOptions) {
    this.#options = options;
  }

  get synced(): boolean {
    return this.#isConnected;
  }

  async listed({ objects }: Page<LogicalCluster>): Promise<void> {
    const present = new Set(objects.map(({ metadata }) => metadata.uid));
    for (const uid of this.#published.keys()) if (!present.has(uid)) this.#published.delete(uid);
    for (const object of objects) await this.#forward(object);
  }

  async changed({ type, object }: Change<LogicalCluster>): Promise<void> {
    if (type === "DELETED") this.#published.delete(object.metadata.uid);
    else await this.#forward(object);
  }

  connected(): void {
    this.#isConnected = true;
  }

  disconnected(reason: string): void {
    this.#isConnected = false;
    const { hooks, marker } = this.#options;
    hooks.onRestart?.({ kind: "LogicalCluster", shard: endings[marker], reason });
  }

  async #forward(object: LogicalCluster): Promise<void> {
    const { uid, resourceVersion } = object.metadata;
    const known = this.#published.get(uid);
    if (known === resourceVersion) return;
    const { forwarding, hooks, marker, publisher } = this.#options;
    const verb = known === undefined ? "add" : "update";
    const key = accountKeyOf("LogicalCluster", object, forwarding.store);
    const event = forwarded(forwarding, verb, "LogicalCluster", object, key);
    const started = performance.now();
    await publisher.publish({ ...event, id: `${event.id}.${endings[marker]}`, phase: phases[marker] });
    hooks.onEvent?.({ kind: "LogicalCluster", verb, milliseconds: performance.now() - started });
    this.#published.set(uid, resourceVersion);
  }
}
