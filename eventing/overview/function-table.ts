import type { AccountFunction } from "../../shared/function.ts";
import type { Clock } from "../clock.ts";
import type { DispatchMetrics } from "../dispatch-metrics.ts";
import type { FunctionRow, FunctionSource } from "./row.ts";
import { Tallies } from "./tally.ts";

/** Where a function works, if not in this process. */
export type Place = Pick<FunctionRow, "state" | "pid" | "coldStarts">;
export type PlaceOf = (functionName: string) => Place;

const here: PlaceOf = () => ({ state: "in-process" });

/** The functions that this process hands events to, and how they do. */
export class FunctionTable implements FunctionSource {
  readonly #version: string;
  readonly #tallies: Tallies;
  #functions: readonly AccountFunction[] = [];
  #placeOf: PlaceOf = here;

  /** `version` is that of the product. */
  constructor(version: string, clock: Clock) {
    this.#version = version;
    this.#tallies = new Tallies(clock);
  }

  /** To be told of every event. */
  get metrics(): DispatchMetrics {
    return this.#tallies;
  }

  /** These are at work from now on, in this process unless told. */
  show(functions: readonly AccountFunction[], placeOf: PlaceOf = here): void {
    this.#functions = functions;
    this.#placeOf = placeOf;
  }

  async rows(): Promise<readonly FunctionRow[]> {
    return this.#functions.map(({ name, on }) => {
      const { invocations, errors, p95Ms, idleMs, waiting } = this.#tallies.of(name);
      return {
        name,
        on: on.map((filter) => ({ ...filter })),
        ...this.#placeOf(name),
        invocations,
        errors,
        ...(p95Ms !== undefined && { p95Ms }),
        ...(idleMs !== undefined && { idleMs }),
        lag: waiting,
        version: this.#version,
      };
    });
  }
}
