import type { Log } from "../../shared/function.ts";
import { orderKey } from "../bus/subjects.ts";
import type { Cancel, Clock } from "../clock.ts";
import { KeyedQueue } from "../keyed-queue.ts";
import { backoffMs, maxAttempts } from "../retry-policy.ts";
import type { Delivered } from "./deliver.ts";
import type { Timer } from "./timer.ts";
import type { StoredTimer, Timers } from "./timers.ts";

export interface SchedulerOptions {
  readonly timers: Timers;
  /** Hands the event to the function. Never rejects. */
  readonly deliver: (timer: Timer, signal: AbortSignal) => Promise<Delivered>;
  /** Stores what the function refused so often that it is given up. Rejects when it could not be stored. */
  readonly bury: (timer: Timer, refused: Delivered & { is: "refused" }) => Promise<void>;
  readonly clock: Clock;
  /** From 0 to below 1. */
  readonly random: () => number;
  readonly log: Log;
  readonly ended: (functionName: string, outcome: Delivered["is"] | "dead") => void;
}

/** Deliveries at once to one function. */
const width = 10;
/** The longest that a timer of Node waits, in milliseconds. */
const longest = 2 ** 31 - 1;

/** Brings events to their functions when they are due, however long that takes; those of one account in turn. */
export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #armed = new Map<string, Cancel>();
  readonly #present = new Map<string, StoredTimer>();
  /** Deliveries in a row that failed for any reason. */
  readonly #failures = new Map<string, number>();
  readonly #queue = new KeyedQueue(width);
  readonly #stopping = new AbortController();

  constructor(options: SchedulerOptions) {
    this.#options = options;
  }

  /** Begins with those that are due already. */
  async start(): Promise<void> {
    await this.#options.timers.follow((id, stored) => this.#hear(id, stored), this.#stopping.signal);
  }

  /** Starts nothing more and waits for what is under way; what is not done by then comes again at the next start. */
  async stop(timeoutMs: number): Promise<void> {
    const cancel = this.#options.clock.after(timeoutMs, () => this.#stopping.abort(new Error("stopping")));
    for (const disarm of this.#armed.values()) disarm();
    this.#queue.clear();
    await this.#queue.idle();
    cancel();
    this.#stopping.abort(new Error("stopping"));
  }

  #hear(id: string, stored: StoredTimer | undefined): void {
    if (this.#stopping.signal.aborted) return;
    this.#armed.get(id)?.();
    this.#armed.delete(id);
    this.#present.delete(id);
    if (!stored) {
      this.#failures.delete(id);
      return;
    }
    this.#present.set(id, stored);
    this.#arm(stored, stored.timer.dueAt);
  }

  #arm(stored: StoredTimer, at: number): void {
    const { clock } = this.#options;
    const ms = Math.max(0, at - clock.now());
    const run = () => (ms > longest ? this.#arm(stored, at) : this.#enqueue(stored));
    this.#armed.set(stored.id, clock.after(Math.min(ms, longest), run));
  }

  #enqueue(stored: StoredTimer): void {
    const { event, function: lane } = stored.timer;
    this.#queue.push({ key: orderKey(event), lane, run: () => this.#run(stored) });
  }

  async #run(stored: StoredTimer): Promise<void> {
    const { timer } = stored;
    const { log, ended } = this.#options;
    if (!this.#isPresent(stored)) return;
    const delivered = await this.#options.deliver(timer, this.#stopping.signal);
    if (this.#stopping.signal.aborted) return;
    const refusals = timer.refusals + Number(delivered.is === "refused");
    try {
      if (delivered.is === "handled") await this.#options.timers.remove(stored);
      else if (delivered.is === "refused" && refusals >= maxAttempts) {
        await this.#options.bury(timer, delivered);
        await this.#options.timers.remove(stored);
        ended(timer.function, "dead");
        log.error({ function: timer.function, event: timer.event.id, reason: delivered.reason }, "given up");
        return;
      } else await this.#again(stored, refusals, delivered.reason);
      ended(timer.function, delivered.is);
    } catch (error) {
      log.warn({ err: error, function: timer.function, event: timer.event.id }, "the end of a timer is not stored yet");
      this.#arm(stored, this.#options.clock.now() + this.#pause(stored));
    }
  }

  /** The function may have asked for another time while it refused: then that holds. */
  async #again(stored: StoredTimer, refusals: number, reason: string): Promise<void> {
    const { clock, log, timers } = this.#options;
    if (!this.#isPresent(stored)) return;
    const ms = this.#pause(stored);
    const { timer } = stored;
    log.warn({ function: timer.function, event: timer.event.id, reason, againInMs: ms }, "not delivered, comes again");
    const isStored = await timers.add({ ...timer, refusals, dueAt: clock.now() + ms });
    if (!isStored) throw new Error("there are too many timers");
  }

  #pause({ id }: StoredTimer): number {
    const failures = (this.#failures.get(id) ?? 0) + 1;
    this.#failures.set(id, failures);
    return backoffMs(failures, this.#options.random());
  }

  #isPresent({ id, revision }: StoredTimer): boolean {
    return this.#present.get(id)?.revision === revision;
  }
}
