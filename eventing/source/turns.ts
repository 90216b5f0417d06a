/** Runs work of one key in its order, that of different keys beside each other. */
export class Turns {
  readonly #width: number;
  readonly #last = new Map<string, Promise<void>>();
  #underWay = 0;
  #waiting: (() => void)[] = [];

  /** `width`: how much may be under way before the caller has to wait. */
  constructor(width: number) {
    this.#width = width;
  }

  /** `done` ends as the work does. `room` resolves once there is room for more: with a width of 1 when this is done. It
   *  rejects if the work has failed by then. */
  take(key: string, work: () => Promise<void>): { readonly done: Promise<void>; readonly room: Promise<void> } {
    this.#underWay++;
    const before = this.#last.get(key);
    const done = before === undefined ? work() : before.then(work, work);
    this.#last.set(key, done);
    const leave = () => {
      this.#underWay--;
      if (this.#last.get(key) === done) this.#last.delete(key);
      for (const wake of this.#waiting.splice(0)) wake();
    };
    // Whoever asks for neither is not told of a failure, which is no reason for the process to end.
    done.then(leave, leave);
    const room = this.#room(done);
    room.catch(() => {});
    return { done, room };
  }

  /** Resolves once nothing is under way. */
  async idle(): Promise<void> {
    while (this.#underWay > 0) await this.#next();
  }

  async #room(done: Promise<void>): Promise<void> {
    while (this.#underWay >= this.#width) await Promise.race([done, this.#next()]);
  }

  #next(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
