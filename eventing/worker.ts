import { setTimeout as delay } from "node:timers/promises";
import { functions } from "../functions/index.ts";
import { activeFunctions, watchedKinds } from "./active-functions.ts";
import type { dispatchFunctions, Work } from "./dispatch-functions.ts";
import { recordObjects } from "./record-accounts.ts";
import { createSource } from "./source/source.ts";
import { Store } from "./store.ts";

export interface WorkerOptions extends Work {
  /** Brings the functions to the bus. */
  readonly dispatch: typeof dispatchFunctions;
}

/** The source and the functions at work, from its start until it is stopped. */
export interface Worker {
  /** What is missing until every change reaches its functions. */
  missing(): readonly string[];
  /** What is known of kcp. */
  readonly store: Store;
  /** Rejects when the source breaks for good; resolves once stopped. */
  readonly ended: Promise<void>;
  /** Takes no more work and gives what is under way `ms` milliseconds to end. */
  stop(ms: number): Promise<void>;
}

const pollMs = 20;

/** Starts to work. A worker is used once: its store is empty at first and goes with it. */
export function startWorker(options: WorkerOptions): Worker {
  const { config, kubeconfig, bus, log, metrics, security } = options;
  const stopping = new AbortController();
  const store = new Store();
  const source = createSource({
    config: kubeconfig,
    sliceName: config.source.endpointSlice,
    ...(config.source.workspace && { workspace: config.source.workspace }),
    kinds: watchedKinds(activeFunctions(functions, { ...config, security })),
    bus,
    store,
    resyncMs: config.source.resync,
    ...(security && { marker: security.settings.marker }),
    log,
    hooks: {
      onEvent: ({ kind, verb }) => metrics.events.published.inc({ kind, verb }),
      onRestart: ({ kind }) => metrics.events.watchRestarts.inc({ kind }),
    },
  });
  const dispatcher = options.dispatch(options, store, source);
  recordObjects(metrics, store);
  let receiving = false;

  const running = source.start(stopping.signal);
  const dispatching = (async () => {
    // What a function reads must be there before the first event is: it would take an unread account for a gone one.
    while (!source.synced) await delay(pollMs, undefined, { signal: stopping.signal });
    await dispatcher.start();
    receiving = true;
    log.info({ accounts: [...store.all("Account")].length }, "ready: every change reaches its functions");
  })();
  const started = dispatching.catch((error: unknown) => {
    if (!stopping.signal.aborted) throw error;
  });

  return {
    store,
    missing: () => [
      ...(source.synced ? [] : ["kcp: not all watches are in step"]),
      ...(receiving ? [] : ["functions: they do not receive events yet"]),
    ],
    ended: Promise.all([running, started]).then(() => undefined),
    async stop(ms) {
      stopping.abort(new Error("stopping"));
      // Subscribing waits for a bus that is away; stopping does not.
      await Promise.race([started.catch(() => undefined), delay(ms, undefined, { ref: false })]);
      await dispatcher.drain(ms);
      await running.catch(() => undefined);
      // What cannot be stored by now is not worth a wait.
      await Promise.race([options.records?.flush(), delay(ms, undefined, { ref: false })]);
    },
  };
}
