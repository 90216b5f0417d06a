import { setTimeout as delay } from "node:timers/promises";
import type { CloudEvent } from "../../shared/event.ts";
import { httpContent, type Mode } from "../../shared/http-event.ts";
import { manualClock } from "../manual-clock.ts";
import { type Answer, type Seen, scriptedServer } from "../scripted-server.ts";
import { type BrokerDouble, type DoubleOptions, startDouble } from "./double.ts";
import type { BrokerSpec, TriggerSpec } from "./objects.ts";

export const place = { namespace: "accounts", name: "default" };
export const brokerPath = `${place.namespace}/${place.name}`;

export const made = (id: string, more: Partial<CloudEvent> & Readonly<Record<string, unknown>> = {}): CloudEvent => ({
  specversion: "1.0",
  id,
  type: "test.thing",
  source: "/test",
  datacontenttype: "application/json",
  data: { id },
  ...more,
});

export interface World extends AsyncDisposable {
  readonly double: BrokerDouble;
  readonly clock: ReturnType<typeof manualClock>;
  /** How deliveries ended, as `<trigger> <event id> <how>`. */
  readonly ended: string[];
  /** Adds a subscriber that answers so, and a Trigger for it. */
  subscribe(answer: Answer, trigger?: Partial<TriggerSpec>): Promise<readonly Seen[]>;
  /** Posts to the ingress; answers the status. */
  produce(event: CloudEvent, mode?: Mode): Promise<number>;
  /** Lets time pass until `done`. */
  until(done: () => boolean): Promise<void>;
  /** Milliseconds that have passed between the requests that a subscriber saw. */
  readonly times: number[];
}

/** A Broker, and subscribers that do what a test says, on a clock that a test turns. */
export async function world(options: Partial<DoubleOptions> = {}, broker: Partial<BrokerSpec> = {}): Promise<World> {
  const clock = manualClock();
  const ended: string[] = [];
  const times: number[] = [];
  const servers: AsyncDisposable[] = [];
  const double = await startDouble({
    kind: "mt",
    clock,
    told: ({ trigger, event, ended: how }) => ended.push(`${trigger} ${event.id} ${how}`),
    ...options,
  });
  await double.setBroker({ ...place, ...broker });
  let count = 0;
  return {
    ...{ double, clock, ended, times },
    async subscribe(answer, trigger = {}) {
      const server = await scriptedServer((seen, response) => {
        times.push(clock.now());
        answer(seen, response);
      });
      servers.push(server);
      const name = `trigger-${++count}`;
      const spec = { ...place, name, uid: name, broker: place.name, subscriberUri: `${server.url}/`, ...trigger };
      await double.setTrigger(spec);
      return server.seen;
    },
    async produce(event, mode = "binary") {
      const { headers, body } = httpContent(event, mode);
      const response = await fetch(`${double.url}/${brokerPath}`, { method: "POST", headers, body });
      return response.status;
    },
    async until(done) {
      while (!done()) {
        await delay(1);
        // While a request is under way no time passes: pauses are measured to the millisecond.
        if (clock.pending > 0) await clock.pass(50);
      }
    },
    async [Symbol.asyncDispose]() {
      await double.close();
      for (const server of servers) await server[Symbol.asyncDispose]();
    },
  };
}
