import { setTimeout as delay } from "node:timers/promises";
import { type JetStreamClient, type JetStreamManager, jetstream, jetstreamManager } from "@nats-io/jetstream";
import { type NatsConnection, RequestError } from "@nats-io/transport-node";
import type { Log } from "../../shared/function.ts";

/** Makes what the bus needs on the server, unless it is there. Answers the incarnation of the stream: another one after
 *  the server has lost its data. */
export type Provision = (jsm: JetStreamManager, js: JetStreamClient) => Promise<string>;

const retryMs = 500;
/** A request that the server has not confirmed after so long is given up. */
const requestLimitMs = 5_000;

/** A connection to NATS together with the knowledge whether all that the bus needs there exists. */
export class JetStreamLink {
  readonly nc: NatsConnection;
  readonly js: JetStreamClient;
  readonly jsm: JetStreamManager;
  readonly #provision: Provision;
  readonly #log: Log;
  readonly #onDown = new Set<() => void>();
  #incarnation = "";
  #ready: Promise<string>;
  #connected = true;
  /** Settles #ready; there is one from the first "disconnect" to the next "reconnect", whatever comes between. */
  #reconnected: (() => void) | undefined;

  static async open(nc: NatsConnection, log: Log, provision: Provision): Promise<JetStreamLink> {
    const jsm = await jetstreamManager(nc);
    return new JetStreamLink({ nc, js: jetstream(nc), jsm, provision, log }, await provision(jsm, jetstream(nc)));
  }

  constructor(
    parts: Pick<JetStreamLink, "nc" | "js" | "jsm"> & { provision: Provision; log: Log },
    incarnation: string,
  ) {
    ({ nc: this.nc, js: this.js, jsm: this.jsm, provision: this.#provision, log: this.#log } = parts);
    this.#incarnation = incarnation;
    this.#ready = Promise.resolve(incarnation);
    void this.#watch();
  }

  get connected(): boolean {
    return this.#connected;
  }
  get incarnation(): string {
    return this.#incarnation;
  }

  /** Resolves with the incarnation once connection and stream are there; waits for ever while they are not. */
  ready(): Promise<string> {
    return this.#ready;
  }

  /** Runs a request to JetStream as soon as the connection is up, and once more when what it needs was gone. Rejects
   *  after 5 s without an answer, or when the signal aborts. */
  async request<T>(run: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const limit = AbortSignal.timeout(requestLimitMs);
    const stop = signal ? AbortSignal.any([limit, signal]) : limit;
    stop.throwIfAborted();
    await untilAborted(this.#ready, stop);
    try {
      return await untilAborted(run(), stop);
    } catch (error) {
      if (!isUnanswered(error)) throw error;
      this.lost();
      await untilAborted(this.#ready, stop);
      return await untilAborted(run(), stop);
    }
  }

  /** To be told when something on the server turned out to be missing. */
  lost(): void {
    if (!this.#connected) return;
    this.#connected = false;
    this.#await(this.#restore());
    for (const run of this.#onDown) run();
  }

  /** Runs each time the connection goes down, until the returned function is called. */
  onDown(run: () => void): () => void {
    this.#onDown.add(run);
    return () => this.#onDown.delete(run);
  }

  #await(incarnation: Promise<string>): void {
    this.#ready = incarnation;
    // It rejects when the connection is closed meanwhile, and then perhaps nobody waits for it any more.
    incarnation.catch(() => {});
  }

  async #watch(): Promise<void> {
    for await (const { type } of this.nc.status()) {
      if (type === "disconnect") {
        this.#log.warn({ server: this.nc.getServer() }, "connection to NATS lost");
        this.#connected = false;
        if (!this.#reconnected) {
          const { promise, resolve } = Promise.withResolvers<string>();
          this.#await(promise);
          this.#reconnected = () => resolve(this.#restore());
        }
        for (const run of this.#onDown) run();
      } else if (type === "reconnect") {
        this.#reconnected?.();
        this.#reconnected = undefined;
      }
    }
    this.#connected = false;
  }

  async #restore(): Promise<string> {
    while (!this.nc.isClosed()) {
      try {
        const incarnation = await this.#provision(this.jsm, this.js);
        const kept = incarnation === this.#incarnation;
        this.#log.info({ server: this.nc.getServer(), history: kept ? "kept" : "lost" }, "connection to NATS restored");
        this.#incarnation = incarnation;
        this.#connected = true;
        return incarnation;
      } catch (error) {
        this.#log.warn({ err: error }, "JetStream is not ready");
        await delay(retryMs);
      }
    }
    throw new Error("the connection to NATS is closed");
  }
}

/** Nobody listens on the subject: the stream is gone. */
const isUnanswered = (error: unknown): boolean =>
  error instanceof Error && error.cause instanceof RequestError && error.cause.isNoResponders();

async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort);
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
