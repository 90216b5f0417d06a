import { defaultTiming, newestVersion, watch } from "../../eventing/source/watch.ts";
import { createHttp } from "../../shared/kcp/http.ts";
import { apiVersionOf, type Kind, kinds } from "../../shared/kcp/kinds.ts";
import type { Kubeconfig } from "../../shared/kcp/kubeconfig.ts";
import type { ObjectOf } from "../../shared/kcp/objects.ts";

const allTheTime = { ...defaultTiming, watchMs: 3_600_000, idleMs: 3_600_000 };

/** Sees, with one watch, when each object of one workspace became ready and when it was gone. */
export class Observer<K extends Kind> {
  readonly #readyAt = new Map<string, number>();
  readonly #goneAt = new Map<string, number>();
  readonly #waiting = new Set<() => void>();
  readonly #stop = new AbortController();

  static async start<K extends Kind>(
    config: Kubeconfig,
    { kind, workspace, isReady }: { kind: K; workspace: string; isReady: (object: ObjectOf[K]) => boolean },
  ): Promise<Observer<K>> {
    const observer = new Observer<K>();
    const path = `/apis/${apiVersionOf(kinds[kind])}/${kinds[kind].plural}`;
    const url = `${config.server}/clusters/${workspace}${path}`;
    const watching = { http: createHttp(config), url, timing: allTheTime, signal: observer.#stop.signal };
    const resourceVersion = await newestVersion(watching);
    const { promise, resolve } = Promise.withResolvers<void>();
    void observer.#follow(watch<ObjectOf[K]>(watching, resourceVersion, resolve), isReady);
    await promise;
    return observer;
  }

  /** When it was first seen ready, on the clock of `performance.now()`. */
  readyAt(name: string): Promise<number> {
    return this.#at(this.#readyAt, name);
  }

  goneAt(name: string): Promise<number> {
    return this.#at(this.#goneAt, name);
  }

  stop(): void {
    this.#stop.abort();
  }

  async #at(times: ReadonlyMap<string, number>, name: string): Promise<number> {
    for (;;) {
      const time = times.get(name);
      if (time !== undefined) return time;
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  async #follow(changes: ReturnType<typeof watch<ObjectOf[K]>>, isReady: (object: ObjectOf[K]) => boolean) {
    try {
      for await (const change of changes) {
        if (change.type === "BOOKMARK") continue;
        const { name } = change.object.metadata;
        if (change.type === "DELETED") this.#goneAt.set(name, performance.now());
        else if (isReady(change.object) && !this.#readyAt.has(name)) this.#readyAt.set(name, performance.now());
        for (const wake of this.#waiting) wake();
        this.#waiting.clear();
      }
    } catch (error) {
      // Who waits for something is told by the run itself, which ends when a server does.
      if (!this.#stop.signal.aborted) console.error(error);
    }
  }
}
