import type { Dispatcher } from "../../eventing/dispatcher.ts";
import type { Dispatch } from "./load-functions.ts";

/** What an invocation under way gets to end before it is given back to the bus, in milliseconds. */
const drainMs = 3_000;

/** Functions at work that can be exchanged for newer ones. Source, store and bus stay, and with them every event that
 *  nobody has handled. */
export class ExchangeableFunctions {
  #newest: Dispatch;
  #make: ((dispatch: Dispatch) => Dispatcher) | undefined;
  #running: Dispatcher | undefined;

  constructor(dispatch: Dispatch) {
    this.#newest = dispatch;
  }

  /** In place of the functions of this process. */
  readonly dispatch: Dispatch = (...work) => {
    this.#make = (dispatch) => dispatch(...work);
    return { start: () => this.#start(), drain: (ms) => this.#end(ms) };
  };

  /** Throws, and leaves all as it is, when the new functions cannot be made. Not to be called again before it is done. */
  async exchange(dispatch: Dispatch): Promise<void> {
    const next = this.#make?.(dispatch);
    this.#newest = dispatch;
    if (!next || !this.#running) return;
    await this.#running.drain(drainMs);
    if (!this.#make) return;
    this.#running = next;
    await next.start();
  }

  async #start(): Promise<void> {
    this.#running = this.#make?.(this.#newest);
    await this.#running?.start();
  }

  async #end(ms: number): Promise<void> {
    this.#make = undefined;
    await this.#running?.drain(ms);
  }
}
