import type { StoredEvent } from "../../eventing/bus/bus.ts";
import { createJetStreamBus } from "../../eventing/bus/jetstream.ts";
import type { CloudEvent } from "../../shared/event.ts";
import type { Mesh } from "./mesh.ts";

/** Subjects that `pm run` uses unless told otherwise. */
export const prefix = "account-functions";

type Where = Pick<Mesh, "nats">;

/** What the bus has kept so far, oldest first: every event, and every dead letter. */
export async function historyOf(mesh: Where): Promise<{
  readonly events: readonly CloudEvent[];
  readonly deadLetters: readonly CloudEvent[];
}> {
  await using bus = await openBus(mesh);
  return { events: await eventsOf(bus.history()), deadLetters: await eventsOf(bus.deadLetters()) };
}

/** Every event from now on, until `signal` is aborted. */
export async function* follow(mesh: Where, signal: AbortSignal): AsyncGenerator<CloudEvent> {
  await using bus = await openBus(mesh);
  for await (const { event } of bus.history({ follow: true, since: new Date(), signal })) yield event;
}

async function openBus({ nats }: Where) {
  const quiet = () => {};
  const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
  const bus = await createJetStreamBus({ url: nats.url, prefix, log });
  return { history: bus.history, deadLetters: bus.deadLetters, [Symbol.asyncDispose]: () => bus.close() };
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
