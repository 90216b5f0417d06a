import type { Bus, Delivery } from "../../eventing/bus/bus.ts";
import type { Clock } from "../../eventing/clock.ts";
import type { Disturbance } from "./action.ts";
import type { Faults } from "./faults.ts";

type Deliver = (delivery: Delivery) => void;

const lateMs = 300;
/** Later than the bus waits for an end: it delivers once more meanwhile. */
const veryLateMs = 7_000;

/** A bus that does to its deliveries what the faults say. */
export function faultyBus<B extends Bus>(bus: B, faults: Faults, clock: Clock): B {
  return {
    ...bus,
    async publish(event, signal) {
      if (faults.publishingFails()) throw new Error("the bus is away");
      await bus.publish(event, signal);
    },
    subscribe(subscription, deliver) {
      const disturb = disturbing(deliver, clock);
      return bus.subscribe(subscription, (delivery) => disturb(delivery, faults.deliveries.shift()));
    },
  };
}

function disturbing(deliver: Deliver, clock: Clock) {
  let overtaken: Delivery | undefined;
  return (delivery: Delivery, how: Disturbance | undefined) => {
    switch (how) {
      case "dropped":
        return void delivery.ack();
      case "doubled":
        deliver(delivery);
        return void clock.after(lateMs, () => deliver(unsettling(delivery)));
      case "late":
      case "very late":
        return void clock.after(how === "late" ? lateMs : veryLateMs, () => deliver(delivery));
      case "overtaken":
        if (overtaken) break;
        overtaken = delivery;
        return;
      case undefined:
    }
    deliver(delivery);
    if (overtaken) deliver(overtaken);
    overtaken = undefined;
  };
}

/** A copy whose end means nothing to the bus. */
function unsettling({ event, attempt }: Delivery): Delivery {
  const nothing = async () => {};
  return { event, attempt, ack: nothing, retry: nothing, requeue: nothing, deadLetter: nothing, extend: () => {} };
}
