import type { Clock } from "../clock.ts";
import type { DispatchMetrics, Handled, Run } from "../dispatch-metrics.ts";

/** What is known of one function's work. */
export interface Tally {
  readonly invocations: number;
  /** Within the last five minutes. */
  readonly errors: number;
  readonly p95Ms: number | undefined;
  readonly idleMs: number | undefined;
  readonly waiting: number;
}

const errorWindowMs = 5 * 60_000;
/** Errors are counted by stretches of this length. */
const stretchMs = 5_000;
/** How many invocations the percentile is of. */
const recent = 1_000;

/** Counts what the dispatcher tells, for people who look at it now. */
export class Tallies implements DispatchMetrics {
  readonly #clock: Clock;
  readonly #counts = new Map<string, Counts>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  added(name: string): void {
    this.#of(name).waiting++;
  }

  returned(name: string): void {
    this.#of(name).waiting--;
  }

  started({ function: name }: Run): void {
    const counts = this.#of(name);
    counts.waiting--;
    counts.active++;
  }

  handled({ function: name }: Run, { ms, trouble }: Handled): void {
    const counts = this.#of(name);
    counts.active--;
    counts.took[counts.invocations++ % recent] = ms;
    counts.lastAt = this.#clock.now();
    if (trouble !== undefined && trouble !== "shutdown") counts.addError(counts.lastAt);
  }

  /** Of a function that may not have worked yet. */
  of(name: string): Tally {
    const { invocations, took, waiting, active, lastAt, errors } = this.#of(name);
    const now = this.#clock.now();
    return {
      invocations,
      errors: errors.filter(({ at }) => at > now - errorWindowMs).reduce((sum, { count }) => sum + count, 0),
      p95Ms: took.toSorted((a, b) => a - b)[Math.ceil(took.length * 0.95) - 1],
      idleMs: lastAt === undefined || active > 0 ? undefined : now - lastAt,
      waiting,
    };
  }

  #of(name: string): Counts {
    const counts = this.#counts.get(name) ?? new Counts();
    this.#counts.set(name, counts);
    return counts;
  }
}

class Counts {
  invocations = 0;
  /** Milliseconds of the recent ones, in no order. */
  readonly took: number[] = [];
  waiting = 0;
  active = 0;
  lastAt: number | undefined;
  /** By stretches, oldest first. */
  readonly errors: { readonly at: number; count: number }[] = [];

  addError(now: number): void {
    const last = this.errors.at(-1);
    if (last && now - last.at < stretchMs) last.count++;
    else this.errors.push({ at: now, count: 1 });
    while (this.errors[0] && this.errors[0].at <= now - errorWindowMs) this.errors.shift();
  }
}
