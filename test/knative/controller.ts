import { setTimeout as delay } from "node:timers/promises";
import { classAnnotation } from "../../eventing/knative/broker.ts";
import { reflect } from "../../eventing/source/reflector.ts";
import { defaultTiming } from "../../eventing/source/watch.ts";
import { messageOf } from "../../shared/kcp/errors.ts";
import type { KubeObject } from "../../shared/kcp/objects.ts";
import type { Cluster } from "./cluster.ts";
import {
  type BrokerResource,
  brokerResource,
  orderAnnotation,
  type TriggerResource,
  triggerResource,
} from "./custom-resources.ts";
import {
  type BrokerKind,
  type BrokerSpec,
  brokerKey,
  classOf,
  type FilterExpression,
  type TriggerSpec,
} from "./objects.ts";
import type { Transport } from "./transport.ts";

export interface ControllerOptions {
  readonly cluster: Cluster;
  readonly kind: BrokerKind;
  /** Without a slash at its end; the address of a Broker is below it. */
  readonly publicUrl: string;
  readonly transport: Pick<Transport, "setBroker" | "removeBroker" | "setTrigger" | "removeTrigger">;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
}

const api = "/apis/eventing.knative.dev/v1";
const everyMs = 1_000;

/** Serves the Brokers of one class in a cluster, and their Triggers: looks at all of them whenever one has changed, and
 *  every second, since what a Trigger refers to may come later. Resolves once the signal is aborted. */
export async function control(options: ControllerOptions): Promise<void> {
  const { cluster, signal } = options;
  const brokers = new Map<string, BrokerResource>();
  const triggers = new Map<string, TriggerResource>();
  const follow = (
    plural: string,
    set: (object: KubeObject) => void,
    remove: (object: KubeObject) => void,
    clear: () => void,
  ) =>
    reflect<KubeObject>(
      { http: cluster.http, url: `${cluster.server}${api}/${plural}`, timing: defaultTiming, signal },
      {
        listed: async ({ objects }) => {
          clear();
          objects.forEach(set);
        },
        changed: async ({ type, object }) => (type === "DELETED" ? remove(object) : set(object)),
        connected: () => options.log(`${plural} are watched`),
        disconnected: (reason) => options.log(`${plural}: ${reason}`),
      },
    );
  const idOf = ({ metadata }: KubeObject) => `${metadata.namespace}/${metadata.name}`;
  const state = new Reconciliation(options);
  const running = Promise.all([
    follow(
      "brokers",
      (object) => brokers.set(idOf(object), brokerResource.parse(object)),
      (object) => brokers.delete(idOf(object)),
      () => brokers.clear(),
    ),
    follow(
      "triggers",
      (object) => triggers.set(idOf(object), triggerResource.parse(object)),
      (object) => triggers.delete(idOf(object)),
      () => triggers.clear(),
    ),
  ]);
  while (!signal.aborted) {
    await state.pass([...brokers.values()], [...triggers.values()]);
    await delay(everyMs / 4, undefined, { signal }).catch(() => undefined);
  }
  await running;
}

class Reconciliation {
  readonly #options: ControllerOptions;
  /** What was told to the transport last, as JSON. */
  readonly #brokers = new Map<string, string>();
  readonly #triggers = new Map<string, string>();
  /** What was written last, as JSON. */
  readonly #written = new Map<string, string>();

  constructor(options: ControllerOptions) {
    this.#options = options;
  }

  async pass(brokers: readonly BrokerResource[], triggers: readonly TriggerResource[]): Promise<void> {
    const { kind, transport } = this.#options;
    const ours = brokers.filter(({ metadata }) => {
      const chosen = metadata.annotations[classAnnotation];
      return metadata.deletionTimestamp === undefined && (chosen === undefined || chosen === classOf[kind]);
    });
    for (const broker of ours) await this.#broker(broker);
    const present = new Set(ours.map(({ metadata }) => brokerKey(metadata)));
    const alive = triggers.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    for (const trigger of alive) await this.#trigger(trigger, present);
    const uids = new Set(alive.map(({ metadata }) => metadata.uid));
    for (const uid of this.#triggers.keys()) {
      if (uids.has(uid)) continue;
      this.#triggers.delete(uid);
      await transport.removeTrigger(uid);
    }
    for (const key of this.#brokers.keys()) {
      if (present.has(key)) continue;
      this.#brokers.delete(key);
      await transport.removeBroker(key);
    }
  }

  async #broker(broker: BrokerResource): Promise<void> {
    const { cluster, publicUrl, transport } = this.#options;
    const { namespace, name, generation } = broker.metadata;
    const key = brokerKey(broker.metadata);
    try {
      const { delivery } = broker.spec;
      const sink = delivery?.deadLetterSink;
      const deadLetterUri = sink && (await cluster.resolve(sink, namespace));
      const spec = { namespace, name, ...(delivery && { delivery }), ...(deadLetterUri && { deadLetterUri }) };
      if (changed(this.#brokers, key, spec)) await transport.setBroker(spec as BrokerSpec);
      const address = { url: `${publicUrl}/${key}` };
      const status = { address, ...(deadLetterUri && { deadLetterSinkUri: deadLetterUri }) };
      await this.#write(`${api}/namespaces/${namespace}/brokers/${name}`, generation, status);
    } catch (error) {
      this.#brokers.delete(key);
      await this.#write(`${api}/namespaces/${namespace}/brokers/${name}`, generation, {}, messageOf(error));
    }
  }

  async #trigger(trigger: TriggerResource, brokers: ReadonlySet<string>): Promise<void> {
    const { cluster, transport } = this.#options;
    const { namespace, name, uid, generation, annotations } = trigger.metadata;
    const path = `${api}/namespaces/${namespace}/triggers/${name}`;
    const { broker, filter, filters, subscriber, delivery } = trigger.spec;
    if (!brokers.has(brokerKey({ namespace, name: broker }))) {
      return this.#write(path, generation, { subscriberUri: "" }, `there is no Broker ${broker} that is ready`);
    }
    try {
      const subscriberUri = await cluster.resolve(subscriber, namespace);
      const sink = delivery?.deadLetterSink;
      const deadLetterUri = sink && (await cluster.resolve(sink, namespace));
      const spec = {
        ...{ namespace, name, uid, broker, subscriberUri },
        ...(filter && { filter }),
        ...(filters && { filters: filters as unknown as readonly FilterExpression[] }),
        ...(delivery && { delivery }),
        ...(deadLetterUri && { deadLetterUri }),
        isOrdered: annotations[orderAnnotation] === "ordered",
      };
      if (changed(this.#triggers, uid, spec)) await transport.setTrigger(spec as TriggerSpec);
      const status = { subscriberUri, ...(deadLetterUri && { deadLetterSinkUri: deadLetterUri }) };
      await this.#write(path, generation, status);
    } catch (error) {
      this.#triggers.delete(uid);
      await this.#write(path, generation, { subscriberUri: "" }, messageOf(error));
    }
  }

  /** Writes what differs from what was written last. */
  async #write(path: string, observedGeneration: number, status: object, problem?: string): Promise<void> {
    const { cluster, log } = this.#options;
    const ready =
      problem === undefined ? { status: "True" } : { status: "False", reason: "NotReady", message: problem };
    const said = JSON.stringify([observedGeneration, status, ready]);
    if (this.#written.get(path) === said) return;
    try {
      const conditions = [{ type: "Ready", ...ready, lastTransitionTime: new Date().toISOString() }];
      await cluster.patchStatus(path, { observedGeneration, conditions, ...status });
      this.#written.set(path, said);
      log(`${path.slice(api.length)} ${problem ?? "is ready"}`);
    } catch (error) {
      log(messageOf(error));
    }
  }
}

function changed(known: Map<string, string>, key: string, spec: object): boolean {
  const json = JSON.stringify(spec);
  if (known.get(key) === json) return false;
  known.set(key, json);
  return true;
}
