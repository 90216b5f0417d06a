import { setTimeout as delay } from "node:timers/promises";
import { elapsed } from "../progress.ts";

/** What the story expected, and what it saw in its place: ends it. */
export class Unexpected extends Error {
  override name = "Unexpected";
}

export interface Expectation<T> {
  readonly what: string;
  readonly look: () => Promise<T>;
  readonly expected: T;
  /** Looks again for so long (milliseconds) until it sees it; once unless given. */
  readonly within?: number;
}

const pauseMs = 100;

/** Tells what is done and what is seen, line by line, each with the time that it took. */
export class Teller {
  readonly #print: (line: string) => void;
  constructor(print: (line: string) => void = console.log) {
    this.#print = print;
  }

  chapter(title: string): void {
    this.#print(`\n${title}`);
  }

  /** Lines that belong to what was told last. */
  detail(text: string): void {
    for (const line of text.trimEnd().split("\n")) this.#print(`             ${line}`);
  }

  /** Does something, and tells it once it is done. */
  async does<T>(what: string, work: () => Promise<T>): Promise<T> {
    const start = performance.now();
    try {
      const result = await work();
      this.#tell("✓", start, what);
      return result;
    } catch (error) {
      this.#tell("✗", start, what);
      throw error;
    }
  }

  /** Throws Unexpected unless it is seen in time; answers how long that took, in milliseconds. */
  async sees<T>({ what, look, expected, within = 0 }: Expectation<T>, start = performance.now()): Promise<number> {
    const limit = within > 0 ? `within ${within / 1000} s` : "at once";
    for (;;) {
      const seen = await look();
      const took = performance.now() - start;
      if (seen === expected && (within === 0 || took <= within)) {
        this.#tell("✓", start, `${what}: ${seen}`);
        return took;
      }
      if (took >= within) {
        this.#tell("✗", start, what);
        throw new Unexpected(`${what}: expected ${expected} ${limit}, and saw ${seen} after ${elapsed(start)}`);
      }
      await delay(pauseMs);
    }
  }

  #tell(mark: string, start: number, what: string): void {
    this.#print(`  ${mark} ${elapsed(start).padStart(7)}  ${what}`);
  }
}
