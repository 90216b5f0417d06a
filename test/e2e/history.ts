import type { StoredEvent } from "../../eventing/bus/bus.ts";
import type { CloudEvent } from "../../shared/event.ts";
import type { Mesh } from "./mesh.ts";

type Where = Pick<Mesh, "bus">;

/** What the bus has kept so far, oldest first: every event, and every dead letter. */
export async function historyOf({ bus }: Where): Promise<{
  readonly events: readonly CloudEvent[];
  readonly deadLetters: readonly CloudEvent[];
}> {
  const archive = await bus.open();
  try {
    return { events: await eventsOf(archive.history()), deadLetters: await eventsOf(archive.deadLetters()) };
  } finally {
    await archive.close();
  }
}

/** Every event from now on, until `signal` is aborted. */
export async function* follow({ bus }: Where, signal: AbortSignal): AsyncGenerator<CloudEvent> {
  const archive = await bus.open();
  try {
    for await (const { event } of archive.history({ follow: true, since: new Date(), signal })) yield event;
  } finally {
    await archive.close();
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
