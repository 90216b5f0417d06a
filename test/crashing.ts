import type { Writer } from "../shared/kcp/client.ts";
import { callOf, type Outside, outsideThrough, servicesOf } from "../shared/outside.ts";
import type { Backend } from "../shared/pass.ts";

/** Stands for the end of the process: nothing that comes after it has any effect. */
export class Crash extends Error {
  override name = "Crash";
}

/** A backend whose process dies right after one of its calls to others, or of its writes, has succeeded. */
export class Crashing implements Backend {
  readonly reader: Backend["reader"];
  readonly writer: Writer;
  readonly outside: Outside;
  /** Calls and writes so far. */
  count = 0;
  /** The number of the last one; `undefined` for none. */
  at: number | undefined;
  readonly #backend: Backend;
  #dead: AbortController | undefined;

  constructor(backend: Backend & { readonly outside: Outside }) {
    this.#backend = backend;
    this.reader = backend.reader;
    const ask = callOf(backend.outside);
    this.outside = outsideThrough(servicesOf(backend.outside), (...call) => this.#counted(() => ask(...call)));
    const { writer } = backend;
    this.writer = {
      create: (...args) => this.#counted(() => writer.create(...args)),
      mergePatch: (...args) => this.#counted(() => writer.mergePatch(...args)),
      apply: (...args) => this.#counted(() => writer.apply(...args)),
      delete: (...args) => this.#counted(() => writer.delete(...args)),
    };
  }

  refresh(...args: Parameters<Backend["refresh"]>): Promise<void> {
    return this.#backend.refresh(...args);
  }

  /** A new process; answers what tells it to stop. */
  start(): AbortSignal {
    this.#dead = new AbortController();
    return this.#dead.signal;
  }

  async #counted<T>(call: () => Promise<T>): Promise<T> {
    if (this.#dead?.signal.aborted) throw new Crash("dead already");
    const answer = await call();
    if (++this.count !== this.at) return answer;
    const crash = new Crash(`after call ${this.at}`);
    this.#dead?.abort(crash);
    throw crash;
  }
}
