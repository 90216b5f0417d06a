import { matches } from "../shared/event.ts";
import type { AccountFunction, Log } from "../shared/function.ts";
import { ackWaitMs, type Bus, type Consumption, type Delivery } from "./bus/bus.ts";
import { orderKey } from "./bus/subjects.ts";
import { type Cancel, type Clock, systemClock } from "./clock.ts";
import { type DispatchMetrics, noMetrics } from "./dispatch-metrics.ts";
import { type Handling, handleDelivery } from "./handle-delivery.ts";
import { KeyedQueue, type Task } from "./keyed-queue.ts";

export interface DispatcherOptions {
  readonly bus: Bus;
  readonly functions: readonly AccountFunction[];
  readonly execute: Handling["execute"];
  readonly log: Log;
  /** Invocations at once per function; 10 unless given. */
  readonly maxConcurrent?: number;
  /** Of one invocation, in milliseconds; 60,000 unless given. */
  readonly timeLimitMs?: number;
  readonly metrics?: DispatchMetrics;
  readonly clock?: Clock;
  readonly random?: () => number;
}

export interface Dispatcher {
  /** Resolves once every function receives its events. */
  start(): Promise<void>;
  /** Takes no further events, gives back what has not started and waits for what has; what is not done after
   *  `timeoutMs` is aborted and given back too. */
  drain(timeoutMs: number): Promise<void>;
}

/** Above what runs at once, so that one account with many events does not hold up the others. */
const maxInFlight = 320;
const extendEveryMs = ackWaitMs / 3;

interface DeliveryTask extends Task {
  readonly delivery: Delivery;
}

/** Bus to functions: each event to every function that wants it, one at a time per account over all functions. */
export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { bus, functions, log, execute, clock = systemClock, metrics = noMetrics } = options;
  const stopping = new AbortController();
  const handling: Handling = {
    ...{ bus, execute, log, metrics, clock, stop: stopping.signal },
    random: options.random ?? Math.random,
    timeLimitMs: options.timeLimitMs ?? 60_000,
  };
  const queue = new KeyedQueue<DeliveryTask>(options.maxConcurrent ?? 10);
  const held = new Set<Delivery>();
  let consumptions: readonly Consumption[] = [];
  let cancelExtending: Cancel = () => {};
  let draining = false;

  const extendAll = () => {
    for (const delivery of held) delivery.extend();
    cancelExtending = clock.after(extendEveryMs, extendAll);
  };
  const giveBack = async (fn: string, delivery: Delivery) => {
    metrics.returned(fn);
    held.delete(delivery);
    await delivery.retry(0).catch((error) => log.warn({ err: error, event: delivery.event.id }, "not given back"));
  };
  const receive = (fn: AccountFunction, delivery: Delivery) => {
    const { event } = delivery;
    if (!fn.on.some((filter) => matches(filter, event))) {
      delivery.ack("unconfirmed").catch((error) => log.warn({ err: error, event: event.id }, "not acknowledged"));
      return;
    }
    const addedAt = clock.now();
    metrics.added(fn.name);
    held.add(delivery);
    if (draining) {
      void giveBack(fn.name, delivery);
      return;
    }
    const run = async () => {
      await handleDelivery(fn, delivery, clock.now() - addedAt, handling);
      held.delete(delivery);
    };
    queue.push({ key: orderKey(event), lane: fn.name, delivery, run });
  };

  return {
    async start() {
      extendAll();
      consumptions = await Promise.all(
        functions.map((fn) =>
          bus.subscribe({ function: fn.name, on: fn.on, maxInFlight }, (delivery) => receive(fn, delivery)),
        ),
      );
    },
    async drain(timeoutMs) {
      draining = true;
      await Promise.all(consumptions.map((consumption) => consumption.stop()));
      await Promise.all(queue.clear().map(({ lane, delivery }) => giveBack(lane, delivery)));
      const cancel = clock.after(timeoutMs, () => stopping.abort(new Error("stopping")));
      await queue.idle();
      cancel();
      cancelExtending();
    },
  };
}
