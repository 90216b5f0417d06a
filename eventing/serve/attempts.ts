import type { CloudEvent } from "../../shared/event.ts";

/** How many events that failed are remembered. */
const maxRemembered = 10_000;

/** Which attempt a delivery is: brokers do not say. What another process has tried is not known here. */
export class Attempts {
  readonly #failures = new Map<string, number>();

  /** 1 for an event that has not failed here. */
  of(fn: string, event: CloudEvent): number {
    return (this.#failures.get(keyOf(fn, event)) ?? 0) + 1;
  }

  failed(fn: string, event: CloudEvent): void {
    const key = keyOf(fn, event);
    const failures = (this.#failures.get(key) ?? 0) + 1;
    // The one that failed last is forgotten last.
    this.#failures.delete(key);
    this.#failures.set(key, failures);
    const [oldest] = this.#failures.keys();
    if (this.#failures.size > maxRemembered && oldest !== undefined) this.#failures.delete(oldest);
  }

  ended(fn: string, event: CloudEvent): void {
    this.#failures.delete(keyOf(fn, event));
  }
}

const keyOf = (fn: string, { source, id }: CloudEvent): string => `${fn} ${source} ${id}`;
