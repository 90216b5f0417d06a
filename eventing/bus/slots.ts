/** Counts what is in flight against a limit. */
export class Slots {
  readonly #limit: number;
  #taken = 0;
  #waiting: (() => void)[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  get free(): number {
    return Math.max(0, this.#limit - this.#taken);
  }

  /** Takes a slot, beyond the limit too; the returned function gives it back, once. */
  take(): () => void {
    this.#taken++;
    let given = false;
    return () => {
      if (given) return;
      given = true;
      this.#taken--;
      this.wake();
    };
  }

  /** Resolves once a slot is free, or at the next wake. */
  available(): Promise<void> {
    return this.free > 0 ? Promise.resolve() : new Promise((resolve) => this.#waiting.push(resolve));
  }

  wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
