import type { Bus } from "../../eventing/bus/bus.ts";
import { type Clock, sleep } from "../../eventing/clock.ts";
import { type DispatchMetrics, noMetrics } from "../../eventing/dispatch-metrics.ts";
import { createDispatcher } from "../../eventing/dispatcher.ts";
import { executeHere } from "../../eventing/execute.ts";
import { createSource } from "../../eventing/source/source.ts";
import { defaultTiming } from "../../eventing/source/watch.ts";
import { Store } from "../../eventing/store.ts";
import { storeBackend } from "../../eventing/store-backend.ts";
import { functions as all, steps } from "../../functions/index.ts";
import type { Log } from "../../shared/function.ts";
import { createInvoke, type Invoke } from "../../shared/invoke.ts";
import type { Writer } from "../../shared/kcp/client.ts";
import type { Http } from "../../shared/kcp/http.ts";
import { createClient } from "../../shared/kcp/rest.ts";
import { defaultSettings } from "../../shared/settings.ts";
import type { Faults } from "./faults.ts";

export interface ProductOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly random: () => number;
  readonly faults: Faults;
  /** Of the source, and of the functions. */
  readonly http: { readonly source: Http; readonly functions: Http };
  readonly onHandled: DispatchMetrics["handled"];
}

/** How often each Account is looked at though nothing has changed, in milliseconds. */
export const resyncMs = 180_000;
const server = "https://embedded";
const workspace = "root:platform-mesh-system";
const serverCa = "CA";
const stepMs = 10;
const functions = all.filter(({ needs }) => needs === undefined);
const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** The source and all functions as `pm run` has them, with every wait by the given clock. */
export class Product {
  readonly #stopping = new AbortController();
  readonly #running: Promise<unknown>;
  readonly #dispatcher: ReturnType<typeof createDispatcher>;

  constructor({ bus, clock, random, faults, http, onHandled }: ProductOptions) {
    const store = new Store();
    const config = { context: "", server, workspace, serverCa: () => serverCa, tls: {}, headers: async () => ({}) };
    const source = createSource({
      ...{ config, bus, store, resyncMs },
      sliceName: "core.platform-mesh.io",
      log: silent,
      http: http.source,
      timing: { ...defaultTiming, clock, random },
    });
    const client = createClient({ config, http: http.functions, basesOf: source.basesOf });
    const backend = storeBackend({ ...client, ...crashing(client, faults) }, store);
    const decide = createInvoke({ backend, settings: { ...defaultSettings, serverCa }, steps });
    const invoke: Invoke = async (fn, event, ctx) => {
      while (!source.inStore) await sleep(clock, stepMs, ctx.signal);
      return decide(fn, event, ctx);
    };
    const metrics = { ...noMetrics, handled: onHandled };
    this.#dispatcher = createDispatcher({
      bus,
      functions,
      execute: executeHere(invoke),
      clock,
      random,
      log: silent,
      metrics,
    });
    const dispatch = async () => {
      while (!source.synced) await sleep(clock, stepMs, this.#stopping.signal);
      await this.#dispatcher.start();
    };
    const { signal } = this.#stopping;
    this.#running = Promise.all([source.start(signal), dispatch()]).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }

  /** Ends at once; what is under way is aborted and given back to the bus. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error("stopping"));
    await this.#dispatcher.drain(0);
    await this.#running;
  }
}

/** Writes at which the function that makes them throws. */
function crashing(writer: Writer, faults: Faults): Writer {
  const at = async <T>(write: () => Promise<T>): Promise<T> => {
    const when = faults.crashAt();
    if (when === "before") throw new Error("crashed before a write");
    const answer = await write();
    if (when === "after") throw new Error("crashed after a write");
    return answer;
  };
  return {
    create: (...args) => at(() => writer.create(...args)),
    mergePatch: (...args) => at(() => writer.mergePatch(...args)),
    apply: (...args) => at(() => writer.apply(...args)),
    delete: (...args) => at(() => writer.delete(...args)),
  };
}
