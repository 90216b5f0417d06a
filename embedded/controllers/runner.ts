import type { Clock } from "../clock.ts";
import { clusterOf, keyOf, type Obj } from "../object.ts";
import type { Change, Store } from "../store/store.ts";

/** What an object is looked at again by. */
export interface Ref {
  readonly cluster: string;
  readonly key: string;
}
/** Brings one kind of object to where it shall be, step by step; looks at the present state and never at the change. */
export interface Controller {
  readonly name: string;
  /** The objects that a change may concern. */
  concerns(change: Change): Iterable<Ref>;
  /** Throws to be asked again later. */
  reconcile(ref: Ref): void;
}

export const refOf = (object: Obj): Ref => ({ cluster: clusterOf(object), key: keyOf(object) });

const retryMs = 500;

export interface RunnerOptions {
  readonly clock: Clock;
  readonly onError?: ((controller: string, error: unknown) => void) | undefined;
  /** Time before each step, for those who want to see what is in between, as with a real kcp. */
  readonly latencyMs?: number | undefined;
}

/** Runs controllers on a store, each object once for however many changes there were. */
export class Runner {
  readonly #store: Store;
  readonly #queues = new Map<Controller, Map<string, Ref>>();
  readonly #timers = new Set<() => void>();
  readonly #onError: (controller: string, error: unknown) => void;
  readonly #clock: Clock;
  readonly #latencyMs: number;
  #isScheduled = false;
  #isStopped = false;
  readonly #unsubscribe: () => void;

  constructor(store: Store, controllers: readonly Controller[], options: RunnerOptions) {
    this.#store = store;
    this.#onError = options.onError ?? (() => {});
    this.#clock = options.clock;
    this.#latencyMs = options.latencyMs ?? 0;
    for (const controller of controllers) this.#queues.set(controller, new Map());
    this.#unsubscribe = store.subscribe((change) => this.#route(change));
  }

  /** Looks at everything there is, as after a start with saved data. */
  resync(): void {
    const { objects } = this.#store.snapshot();
    for (const [storage, object] of objects) {
      this.#route({ type: "ADDED", revision: this.#store.revision, storage, object });
    }
  }

  /** Works until there is nothing more to do at once. */
  drain(): void {
    for (let isBusy = true; isBusy; ) {
      isBusy = false;
      for (const [controller, queue] of this.#queues) isBusy = this.#work(controller, queue) || isBusy;
    }
  }

  stop(): void {
    this.#isStopped = true;
    this.#unsubscribe();
    for (const cancel of this.#timers) cancel();
  }

  #route(change: Change): void {
    for (const [controller, queue] of this.#queues) {
      for (const ref of controller.concerns(change)) queue.set(`${ref.cluster}|${ref.key}`, ref);
    }
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isStopped) return;
    this.#isScheduled = true;
    const step = () => {
      this.#isScheduled = false;
      if (this.#isStopped) return;
      if (this.#latencyMs === 0) this.drain();
      else for (const [controller, queue] of this.#queues) this.#work(controller, queue);
    };
    // Not at once: the answer to the write that woke us goes first.
    if (this.#latencyMs === 0) setImmediate(step);
    else this.#later(this.#latencyMs, step);
  }

  #later(ms: number, work: () => void): void {
    const cancel = this.#clock.after(ms, () => {
      this.#timers.delete(cancel);
      work();
    });
    this.#timers.add(cancel);
  }

  #work(controller: Controller, queue: Map<string, Ref>): boolean {
    const refs = [...queue.values()];
    queue.clear();
    for (const ref of refs) {
      try {
        controller.reconcile(ref);
      } catch (error) {
        this.#onError(controller.name, error);
        this.#retry(queue, ref);
      }
    }
    return refs.length > 0;
  }

  #retry(queue: Map<string, Ref>, ref: Ref): void {
    this.#later(retryMs, () => {
      queue.set(`${ref.cluster}|${ref.key}`, ref);
      this.#schedule();
    });
  }
}
