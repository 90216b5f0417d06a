import type { CloudEvent } from "../shared/event.ts";
import type { AccountFunction, Ctx } from "../shared/function.ts";
import type { Invoke } from "../shared/invoke.ts";
import { completeEvents } from "./own-events.ts";

/** How a function ended with one event, as far as the event is concerned. */
export type Result =
  | { readonly kind: "done" }
  | { readonly kind: "waiting" | "drop"; readonly reason: string }
  | { readonly kind: "requeue"; readonly ms: number; readonly reason: string }
  /** It can never succeed. */
  | { readonly kind: "failed"; readonly reason: string };

export interface Execution {
  readonly result: Result;
  /** Complete and ready to be published. */
  readonly facts: readonly CloudEvent[];
}

/** Runs one function for one event, in this process or in another. Throws for what may succeed at another attempt. */
export type Execute = (fn: AccountFunction, event: CloudEvent, ctx: Ctx) => Promise<Execution>;

/** In this process. */
export const executeHere =
  (invoke: Invoke): Execute =>
  async (fn, event, ctx) => {
    const outcome = await invoke(fn, event, ctx);
    if (!outcome) throw new TypeError(`${fn.name} returned no outcome`);
    const facts = completeEvents(outcome.events, { cause: event, function: fn.name, now: ctx.now() });
    return { result: outcome, facts };
  };
