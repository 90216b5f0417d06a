import type { Log } from "../../shared/function.ts";
import { messageOf, UnreachableError } from "../../shared/kcp/errors.ts";
import { type Cancel, type Clock, sleep } from "../clock.ts";
import { BrokenConnectionError, type Child, describeExit, type Exit, type Launch, StartError } from "./child.ts";
import type { ProcessEnd, ProcessMetrics } from "./process-metrics.ts";

export interface ProcessOptions {
  readonly launch: Launch;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: ProcessMetrics;
  /** Without an event for so long it is stopped, in milliseconds. */
  readonly idleMs: number;
}

/** There is no process to work in, which says nothing of the event: it is tried until there is one. */
export class NoProcessError extends UnreachableError {
  override name = "NoProcessError";
}
/** The process ended in the middle of the work, which may be this event's doing. */
export class ProcessEndedError extends Error {
  override name = "ProcessEndedError";
}

export type ProcessState = { readonly is: "stopped" | "starting" } | { readonly is: "running"; readonly pid: number };

export interface ColdStarts {
  readonly count: number;
  readonly lastMs?: number;
  readonly medianMs?: number;
}

const keptStarts = 100;
const backoff = { firstMs: 500, maxMs: 30_000 };
/** How long after a broken connection the end of the process may be noticed, in milliseconds. */
const noticeMs = 1_000;
/** From SIGTERM to SIGKILL of a process that has nothing to do, in milliseconds. */
const idleGraceMs = 10_000;

/** The process of one function: started when an event needs it, started again when it crashed, stopped when idle. */
export class FunctionProcess {
  readonly name: string;
  readonly #options: ProcessOptions;
  readonly #stopping = new AbortController();
  /** Those that were told to end. */
  readonly #ending = new Set<Promise<void>>();
  #running: Child | undefined;
  #starting: Promise<Child> | undefined;
  #inUse = 0;
  #cancelIdle: Cancel = () => {};
  /** Milliseconds of each start, the last ones. */
  readonly #starts: number[] = [];
  #started = 0;
  /** Starts that failed and crashes since an event was last handled. */
  #failures = 0;

  constructor(name: string, options: ProcessOptions) {
    this.name = name;
    this.#options = options;
  }

  get state(): ProcessState {
    if (this.#running) return { is: "running", pid: this.#running.pid };
    return { is: this.#starting === undefined ? "stopped" : "starting" };
  }

  get coldStarts(): ColdStarts {
    const lastMs = this.#starts.at(-1);
    const medianMs = this.#starts.toSorted((a, b) => a - b)[Math.floor(this.#starts.length / 2)];
    return {
      count: this.#started,
      ...(lastMs !== undefined && { lastMs }),
      ...(medianMs !== undefined && { medianMs }),
    };
  }

  /** Works with the process, which is started for it where there is none. Rejects with NoProcessError when none can be
   *  had, with ProcessEndedError when it ends meanwhile (which the work tells by BrokenConnectionError), and else with
   *  what the work throws. */
  async use<T>(work: (child: Child) => Promise<T>, signal: AbortSignal): Promise<T> {
    this.#inUse++;
    this.#cancelIdle();
    try {
      const child = await this.#present(signal);
      const result = await this.#work(child, work, signal);
      this.#failures = 0;
      return result;
    } finally {
      this.#inUse--;
      this.#rest();
    }
  }

  /** No further starts; what runs is told to end, and killed when it has not done so after `graceMs` milliseconds. */
  async stop(graceMs: number): Promise<void> {
    this.#cancelIdle();
    this.#stopping.abort(new NoProcessError("stopping"));
    await this.#starting?.catch(() => undefined);
    if (this.#running) this.#end(this.#running, "shutdown", graceMs);
    await Promise.all(this.#ending);
  }

  /** Waits for the process as long as the signal allows; the start goes on without. */
  async #present(signal: AbortSignal): Promise<Child> {
    if (this.#running) return this.#running;
    signal.throwIfAborted();
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const onAbort = () => reject(new NoProcessError(`the process of ${this.name} is not ready yet`));
    signal.addEventListener("abort", onAbort);
    try {
      this.#starting ??= this.#start().finally(() => (this.#starting = undefined));
      return await Promise.race([this.#starting, aborted]);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  async #start(): Promise<Child> {
    const { launch, clock, log, metrics } = this.#options;
    const { signal } = this.#stopping;
    signal.throwIfAborted();
    if (this.#failures > 0) await sleep(clock, pauseMs(this.#failures), signal);
    const startedAt = clock.now();
    try {
      const child = await launch(this.name, { log, signal });
      const ms = clock.now() - startedAt;
      metrics.started(this.name, ms);
      this.#keepStart(ms);
      log.info({ pid: child.pid, ms }, "function's process started");
      this.#running = child;
      void child.ended.then((exit) => this.#onEnd(child, exit));
      // Who it was started for may have gone.
      this.#rest();
      return child;
    } catch (error) {
      signal.throwIfAborted();
      throw this.#cannotStart(error);
    }
  }

  #keepStart(ms: number): void {
    this.#started++;
    this.#starts.push(ms);
    if (this.#starts.length > keptStarts) this.#starts.shift();
  }

  #cannotStart(error: unknown): NoProcessError {
    const { log, metrics } = this.#options;
    this.#failures++;
    metrics.ended(this.name, "start");
    const { code, signal, lastWords } = (error instanceof StartError && error.exit) || {};
    const ending = { ...(code !== undefined && { code, signal }), ...(lastWords && { lastWords }) };
    const againInMs = pauseMs(this.#failures);
    log.error({ ...ending, reason: messageOf(error), againInMs }, "function's process cannot be started");
    return new NoProcessError(`the process of ${this.name} cannot be started: ${messageOf(error)}`, { cause: error });
  }

  async #work<T>(child: Child, work: (child: Child) => Promise<T>, signal: AbortSignal): Promise<T> {
    try {
      return await work(child);
    } catch (error) {
      if (signal.aborted) {
        this.#killIfStuck(child);
        throw error;
      }
      const { clock } = this.#options;
      if (!(error instanceof BrokenConnectionError)) throw error;
      // The connection breaks a moment before the end is seen.
      const notice = AbortSignal.any([signal, this.#stopping.signal]);
      const exit = await Promise.race([child.ended, sleep(clock, noticeMs, notice).catch(() => undefined)]);
      if (!exit) throw error;
      throw new ProcessEndedError(`the process of ${this.name} ${describeExit(exit)}`, { cause: error });
    }
  }

  /** An event that took too long may have a function that never gives the processor back: nothing else ends that. */
  #killIfStuck(child: Child): void {
    if (this.#stopping.signal.aborted) return;
    void child.isAlive().then((alive) => {
      if (alive || this.#running !== child) return;
      this.#options.log.error({ pid: child.pid }, "function's process does not answer any more, and is killed");
      child.kill("SIGKILL");
    });
  }

  #onEnd(child: Child, exit: Exit): void {
    if (this.#running !== child) return;
    const { log, metrics } = this.#options;
    this.#running = undefined;
    this.#failures++;
    this.#cancelIdle();
    metrics.ended(this.name, "crash");
    log.error({ pid: child.pid, ...exit }, "function's process ended by itself; the next event starts it again");
  }

  /** Begins to count the idle time, if nobody works. */
  #rest(): void {
    if (this.#inUse > 0) return;
    const { clock, idleMs } = this.#options;
    this.#cancelIdle();
    this.#cancelIdle = clock.after(idleMs, () => {
      if (this.#running) this.#end(this.#running, "idle", idleGraceMs);
    });
  }

  #end(child: Child, why: ProcessEnd, graceMs: number): void {
    const { clock, log, metrics } = this.#options;
    this.#running = undefined;
    metrics.ended(this.name, why);
    log.info({ pid: child.pid, why }, "function's process stops");
    child.kill("SIGTERM");
    const cancel = clock.after(graceMs, () => child.kill("SIGKILL"));
    const ended = child.ended.then(() => {
      cancel();
      this.#ending.delete(ended);
    });
    this.#ending.add(ended);
  }
}

const pauseMs = (failures: number): number =>
  Math.min(backoff.maxMs, backoff.firstMs * 2 ** Math.min(failures - 1, 20));
