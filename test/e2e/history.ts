import type { StoredEvent } from "../../eventing/bus/bus.ts";
import { createJetStreamBus } from "../../eventing/bus/jetstream.ts";
import type { CloudEvent } from "../../shared/event.ts";
import type { Mesh } from "./mesh.ts";

/** Subjects that `pm run` uses unless told otherwise. */
export const prefix = "account-functions";

/** What the bus has kept so far, oldest first: every event, and every dead letter. */
export async function historyOf({ nats }: Pick<Mesh, "nats">): Promise<{
  readonly events: readonly CloudEvent[];
  readonly deadLetters: readonly CloudEvent[];
}> {
  const quiet = () => {};
  const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
  const bus = await createJetStreamBus({ url: nats.url, prefix, log });
  try {
    return { events: await eventsOf(bus.history()), deadLetters: await eventsOf(bus.deadLetters()) };
  } finally {
    await bus.close();
  }
}

async function eventsOf(stored: AsyncIterable<StoredEvent>): Promise<readonly CloudEvent[]> {
  const events: CloudEvent[] = [];
  for await (const { event } of stored) events.push(event);
  return events;
}

export const aboutAccount =
  (cluster: string, name: string) =>
  ({ accountkey }: CloudEvent): boolean =>
    accountkey === `${cluster}/${name}`;
