import type { Disturbance, Refusal } from "./action.ts";

/** What is still to go wrong, taken by those who do it. */
export class Faults {
  readonly deliveries: Disturbance[] = [];
  readonly answers: Refusal[] = [];
  readonly crashes: { readonly when: "before" | "after"; writes: number }[] = [];
  publishings = 0;

  /** From now on all goes well. */
  end(): void {
    for (const left of [this.deliveries, this.answers, this.crashes]) left.length = 0;
    this.publishings = 0;
  }

  /** Told of each write that a function is about to make: whether this is the one at which it crashes. */
  crashAt(): "before" | "after" | undefined {
    for (const crash of this.crashes) crash.writes--;
    const index = this.crashes.findIndex(({ writes }) => writes <= 0);
    return index === -1 ? undefined : this.crashes.splice(index, 1)[0]?.when;
  }

  /** Whether this publishing is one that fails. */
  publishingFails(): boolean {
    if (this.publishings === 0) return false;
    this.publishings--;
    return true;
  }
}

/** Numbers from 0 to below 1, the same ones for the same salt. */
export function randomFrom(salt: number): () => number {
  let state = salt >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
