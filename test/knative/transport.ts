import type { CloudEvent } from "../../shared/event.ts";
import type { BrokerSpec, TriggerSpec } from "./objects.ts";

/** Told of each delivery of an event to a Trigger that has come to its end. */
export type Told = (delivery: { readonly trigger: string; readonly event: CloudEvent; readonly ended: string }) => void;

/** How a class of Brokers stores events and brings them to their Triggers. */
export interface Transport {
  /** A Broker is new, or has changed; events may come once it resolves. */
  setBroker(broker: BrokerSpec): Promise<void>;
  removeBroker(key: string): Promise<void>;
  /** A Trigger of a Broker that is there is new, or has changed; it gets events from then on. */
  setTrigger(trigger: TriggerSpec): Promise<void>;
  removeTrigger(uid: string): Promise<void>;
  /** Stores an event durably. Answers the status of the produce request. */
  accept(broker: string, event: CloudEvent): Promise<number>;
  /** Resolves once nothing is under way. */
  idle(): Promise<void>;
  close(): Promise<void>;
}
