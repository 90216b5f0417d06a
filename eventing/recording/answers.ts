/** Something that was seen in a turn, `times` times (once unless said). */
interface Seen {
  readonly turn: number;
  readonly times?: number;
}

/** Answers to one question as they were given then, for somebody who may ask more often, earlier or later than it was
 *  asked then. */
export class Answers<T extends Seen> {
  readonly #seen: readonly T[];
  readonly #asked = new Map<number, number>();

  constructor(seen: readonly T[]) {
    this.#seen = seen;
  }

  /** In the turns in which it was asked the same answers in the same order, then the last of them; in between what was
   *  seen last before. `undefined` when it was never asked. */
  in(turn: number): T | undefined {
    const nearest = this.#seen.findLast((seen) => seen.turn <= turn) ?? this.#seen[0];
    const together = this.#seen.filter((seen) => seen.turn === nearest?.turn);
    if (!nearest || nearest.turn < turn) return nearest;
    if (nearest.turn > turn) return together[0];
    const asked = this.#asked.get(turn) ?? 0;
    this.#asked.set(turn, asked + 1);
    const inOrder = together.flatMap((seen) => Array<T>(seen.times ?? 1).fill(seen));
    return inOrder[asked] ?? together.at(-1);
  }
}
