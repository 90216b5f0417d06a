import { type Clock, systemClock } from "../../eventing/clock.ts";
import { KeyedQueue } from "../../eventing/keyed-queue.ts";
import type { CloudEvent } from "../../shared/event.ts";
import { Backlog, type Stored } from "./backlog.ts";
import { deliver } from "./deliver.ts";
import { rulesOf } from "./delivery-rules.ts";
import { checkFilters, wants } from "./filters.ts";
import { type BrokerSpec, brokerKey, type TriggerSpec } from "./objects.ts";
import type { SubscriberOptions } from "./subscriber.ts";
import type { Told, Transport } from "./transport.ts";
import { ttlAtIngress, withoutTtl, withTtl } from "./ttl.ts";

export interface MtOptions extends SubscriberOptions {
  /** Where accepted events are kept over a restart; in memory only without. */
  readonly folder?: string;
  readonly clock?: Clock;
  readonly told?: Told;
}

/** Deliveries at once to one Trigger. */
const width = 32;

/** The multi-tenant Broker over a channel of its own. */
export async function createMtTransport(options: MtOptions): Promise<Transport> {
  const { clock = systemClock, told } = options;
  const backlog = await Backlog.open(options.folder);
  const brokers = new Map<string, BrokerSpec>();
  const triggers = new Map<string, TriggerSpec>();
  const queue = new KeyedQueue(width);
  const closing = new AbortController();
  const queued = new Set<string>();

  const run = async (stored: Stored, uid: string): Promise<void> => {
    const trigger = triggers.get(uid);
    const broker = brokers.get(stored.broker);
    if (closing.signal.aborted || !trigger || !broker) return;
    const rules = rulesOf("mt", broker, trigger);
    const enqueue = (reply: CloudEvent) => accept(stored.broker, withTtl(withoutTtl(reply), stored.ttl));
    try {
      const event = { ...stored.event, knativearrivaltime: new Date(clock.now()).toISOString() };
      const ended = await deliver(event, trigger, { ...options, rules, clock, enqueue, signal: closing.signal });
      await backlog.done(stored, uid);
      told?.({ trigger: trigger.name, event: stored.event, ended });
    } catch (error) {
      // What was under way comes again after a restart.
      if (!closing.signal.aborted) throw error;
    }
  };
  const enqueue = (stored: Stored, uid: string) => {
    const id = `${stored.id}/${uid}`;
    if (queued.has(id)) return;
    queued.add(id);
    const key = triggers.get(uid)?.isOrdered ? uid : id;
    queue.push({ key, lane: uid, run: () => run(stored, uid).finally(() => queued.delete(id)) });
  };
  const accept = async (broker: string, event: CloudEvent): Promise<number> => {
    if (closing.signal.aborted) return 503;
    if (!brokers.has(broker)) return 404;
    const ttl = ttlAtIngress(event);
    if (ttl === undefined) return 400;
    const plain = withoutTtl(event);
    const wanting = [...triggers.values()].filter((each) => ofBroker(each) === broker && wants(each, plain));
    const stored = await backlog.add(
      broker,
      plain,
      ttl,
      wanting.map(({ uid }) => uid),
    );
    for (const { uid } of wanting) enqueue(stored, uid);
    return 202;
  };

  return {
    async setBroker(broker) {
      brokers.set(brokerKey(broker), broker);
    },
    async removeBroker(key) {
      brokers.delete(key);
    },
    async setTrigger(trigger) {
      checkFilters(trigger.filters);
      triggers.set(trigger.uid, trigger);
      for (const stored of backlog.all) if (stored.pending.has(trigger.uid)) enqueue(stored, trigger.uid);
    },
    async removeTrigger(uid) {
      triggers.delete(uid);
      for (const stored of backlog.all) if (stored.pending.has(uid)) await backlog.done(stored, uid);
    },
    accept,
    idle: () => queue.idle(),
    async close() {
      closing.abort(new Error("closing"));
      queue.clear();
      await queue.idle();
      await backlog.close();
    },
  };
}

const ofBroker = ({ namespace, broker }: TriggerSpec): string => brokerKey({ namespace, name: broker });
