import { createMemoryBus } from "../../eventing/bus/memory.ts";
import { type Handled, noMetrics } from "../../eventing/dispatch-metrics.ts";
import { createDispatcher } from "../../eventing/dispatcher.ts";
import type { Execute } from "../../eventing/execute.ts";
import { functions } from "../../functions/index.ts";
import type { CloudEvent } from "../../shared/event.ts";
import { httpContent, type Mode, readHttpEvent } from "../../shared/http-event.ts";
import type { Delivered } from "./runtime.ts";

export const silent = { debug() {}, info() {}, warn() {}, error() {} };
const words = { dead: "failed" } as Readonly<Record<string, string>>;

/** As it arrives when it has been sent in that mode. */
export function travelled(event: CloudEvent, mode: Mode): CloudEvent {
  const { headers, body } = httpContent(event, mode);
  return readHttpEvent({ headers: Object.entries(headers), body }).event;
}

/** A dispatcher for one event, which it hands to one function once. */
export async function dispatchOnce(name: string, event: CloudEvent, execute: Execute): Promise<Delivered> {
  const bus = createMemoryBus();
  const { promise: handled, resolve } = Promise.withResolvers<Handled>();
  const dispatcher = createDispatcher({
    bus,
    functions: functions.filter((fn) => fn.name === name),
    execute,
    log: silent,
    metrics: { ...noMetrics, handled: (_, how) => resolve(how) },
  });
  await dispatcher.start();
  await bus.publish(event);
  const { outcome, reason } = await handled;
  await dispatcher.drain(1000);
  const facts: CloudEvent[] = [];
  for await (const stored of bus.history()) if (stored.event.id !== event.id) facts.push(stored.event);
  await bus.close();
  return { outcome: words[outcome] ?? outcome, reason, facts };
}
