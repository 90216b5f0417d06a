import type { Clock } from "../clock.ts";
import type { Store } from "../store.ts";

/** Keeps the events of what lies in a workspace, as APIBindings, back until it is known whose it is. kcp shows a binding before the
 *  LogicalCluster around it, and without an owner its event would wake nobody. */
export class Hold {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #waiting = new Map<string, PromiseWithResolvers<void>>();
  readonly #maxMs: number;

  /** An owner that does not appear within `maxMs` is given up: some workspaces belong to no Account. */
  constructor(store: Store, clock: Clock, maxMs = 30_000) {
    this.#store = store;
    this.#clock = clock;
    this.#maxMs = maxMs;
  }

  /** Resolves once the owner of the cluster is known, or after the longest wait; at once when too many wait already. */
  async owner(cluster: string): Promise<void> {
    const known = this.#waiting.get(cluster);
    if (known) return known.promise;
    if (this.#store.ownerOf(cluster) || this.#waiting.size >= maxWaiting) return;
    const waiting = Promise.withResolvers<void>();
    this.#waiting.set(cluster, waiting);
    const cancel = this.#clock.after(this.#maxMs, waiting.resolve);
    await waiting.promise;
    cancel();
    this.#waiting.delete(cluster);
  }

  /** To be called whenever the store has learned of an owner. */
  check(): void {
    for (const [cluster, { resolve }] of this.#waiting) if (this.#store.ownerOf(cluster)) resolve();
  }

  /** Lets everything go. */
  end(): void {
    for (const { resolve } of this.#waiting.values()) resolve();
  }
}

const maxWaiting = 1_000;
