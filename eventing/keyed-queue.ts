/** Something to do for a key, in a lane. `run` must not reject. */
export interface Task {
  readonly key: string;
  readonly lane: string;
  run(): Promise<void>;
}

interface Lane<T> {
  active: number;
  /** First in line for their key, and waiting for a place in the lane. */
  readonly waiting: T[];
}

/** Runs the tasks of one key one after the other in their order, those of different keys beside each other, and at most
 *  `width` of a lane at a time. Keys and lanes without tasks are forgotten. */
export class KeyedQueue<T extends Task = Task> {
  readonly #width: number;
  /** By key, the tasks behind the one that is under way or waiting for a place in its lane. */
  readonly #behind = new Map<string, T[]>();
  readonly #lanes = new Map<string, Lane<T>>();
  #idle: (() => void)[] = [];

  constructor(width: number) {
    this.#width = width;
  }

  /** Keys with a task under way or waiting. */
  get keys(): number {
    return this.#behind.size;
  }

  push(task: T): void {
    const behind = this.#behind.get(task.key);
    if (behind) behind.push(task);
    else {
      this.#behind.set(task.key, []);
      this.#enter(task);
    }
  }

  /** Takes out all tasks that have not started, those of one key in their order. */
  clear(): T[] {
    const first = [...this.#lanes.values()].flatMap(({ waiting }) => waiting.splice(0));
    const unstarted = [...first, ...[...this.#behind.values()].flatMap((behind) => behind.splice(0))];
    for (const { key } of first) this.#behind.delete(key);
    this.#wakeIfIdle();
    return unstarted;
  }

  /** Resolves once no task is under way or waiting. */
  idle(): Promise<void> {
    return this.#behind.size === 0 ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve));
  }

  #enter(task: T): void {
    const lane = this.#lanes.get(task.lane) ?? { active: 0, waiting: [] };
    this.#lanes.set(task.lane, lane);
    if (lane.active < this.#width) this.#start(task, lane);
    else lane.waiting.push(task);
  }

  #start(task: T, lane: Lane<T>): void {
    lane.active++;
    void task.run().finally(() => {
      lane.active--;
      this.#leave(task.key);
      const next = lane.active < this.#width ? lane.waiting.shift() : undefined;
      if (next) this.#start(next, lane);
      else if (lane.active === 0) this.#lanes.delete(task.lane);
    });
  }

  #leave(key: string): void {
    const next = this.#behind.get(key)?.shift();
    if (next) this.#enter(next);
    else {
      this.#behind.delete(key);
      this.#wakeIfIdle();
    }
  }

  #wakeIfIdle(): void {
    if (this.#behind.size > 0) return;
    for (const resolve of this.#idle) resolve();
    this.#idle = [];
  }
}
