import type { Log } from "../../shared/function.ts";
import type { Clock } from "../clock.ts";

const oncePerMs = 60_000;

/** Counts recordings that could not be kept, and says so at most once a minute. */
export class Losses {
  readonly #log: Log;
  readonly #clock: Clock;
  #total = 0;
  /** Not told yet. */
  #count = 0;
  #silentUntil = 0;

  constructor(log: Log, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  get total(): number {
    return this.#total;
  }

  /** None with a count of 0, for what is only late. */
  add(count: number, reason: unknown): void {
    this.#total += count;
    this.#count += count;
    if (this.#clock.now() < this.#silentUntil) return;
    const message = this.#count === 0 ? "recordings wait to be stored" : "recordings are lost";
    this.#log.warn({ lost: this.#count, reason: String(reason) }, message);
    this.#count = 0;
    this.#silentUntil = this.#clock.now() + oncePerMs;
  }
}
