import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { defaultDelivery } from "../../eventing/knative/delivery.ts";
import { triggersFor } from "../../eventing/knative/triggers.ts";
import { functions } from "../../functions/index.ts";
import type { CloudEvent } from "../../shared/event.ts";
import { claimAny } from "../../tools/claim.ts";
import { stateFolder } from "../../tools/paths.ts";
import { freePorts } from "../../tools/ports.ts";
import { pm } from "../e2e/mesh.ts";
import { Person } from "../e2e/person.ts";
import { type ScriptedServer, scriptedServer } from "../scripted-server.ts";
import type { TestKcp, TestServer } from "../servers.ts";
import { type BrokerDouble, startDouble } from "./double.ts";
import type { BrokerKind } from "./objects.ts";
import { PmProcess } from "./pm-process.ts";

export interface InstallationOptions {
  readonly kind: BrokerKind;
  readonly kcp: TestKcp;
  /** With kind nats. */
  readonly nats?: TestServer;
  /** The source publishes into the Broker's stream instead of posting to its ingress. */
  readonly toStream?: boolean;
  /** With a second source that stands by. */
  readonly withStandby?: boolean;
}

/** The product as it runs in a cluster with Knative: source, Broker, Triggers and a server of all functions. */
export interface Installation {
  readonly person: Person;
  readonly source: PmProcess;
  /** Not started. */
  readonly standby: PmProcess;
  readonly serve: PmProcess;
  readonly broker: Broker;
  /** Where the functions are served. */
  readonly functionsUrl: string;
  /** Where the source takes timers. */
  readonly schedulerUrl: string;
  /** Where the one that stands by does. */
  readonly standbySchedulerUrl: string;
  readonly letters: ScriptedServer;
  stop(): Promise<void>;
}

export const place = { namespace: "accounts", name: "default" };
const key = `${place.namespace}/${place.name}`;
/** Of the source in the stream of the Broker. */
export const streamPrefix = `${place.namespace}.${place.name}._knative_broker`;
/** Quick enough for a test; all else as the product says. What a NATS broker has in its hands when it ends comes again only
 *  after the timeout. */
const deliveryOf = (kind: BrokerKind) => ({
  ...defaultDelivery,
  backoffDelay: "PT0.1S",
  ...(kind === "nats" && { timeout: "PT15S" }),
});

/** The Broker with the product's Triggers, which a test may end and start again where it was. */
export class Broker {
  readonly #options: { readonly kind: BrokerKind; readonly natsUrl?: string; readonly folder: string };
  readonly #port: number;
  /** How deliveries ended, newest last. */
  readonly ended: { readonly trigger: string; readonly event: CloudEvent; readonly ended: string }[] = [];
  /** Where a function takes events, by its name. */
  subscriberOf: (name: string) => string;
  readonly #deadLetterUri: string;
  #double: BrokerDouble | undefined;

  constructor(
    options: { readonly kind: BrokerKind; readonly natsUrl?: string; readonly folder: string; readonly port: number },
    subscriberOf: (name: string) => string,
    deadLetterUri: string,
  ) {
    const { port, ...rest } = options;
    this.#options = rest;
    this.#port = port;
    this.subscriberOf = subscriberOf;
    this.#deadLetterUri = deadLetterUri;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/${key}`;
  }

  async start(): Promise<void> {
    const address = { host: "127.0.0.1", port: this.#port };
    const double = await startDouble({ ...this.#options, address, told: (delivered) => this.ended.push(delivered) });
    this.#double = double;
    await double.setBroker(place);
    await this.setTriggers();
  }

  /** Makes the product's Triggers, or changes them to what `subscriberOf` says now. */
  async setTriggers(): Promise<void> {
    const active = functions.filter(({ needs }) => !needs);
    for (const fn of active) {
      const delivery = deliveryOf(this.#options.kind);
      const options = { release: "test", namespace: place.namespace, broker: place.name, subscriber: {}, delivery };
      for (const { metadata, spec } of triggersFor(fn, options)) {
        const trigger = { ...place, name: metadata.name, uid: metadata.name, broker: spec.broker };
        await this.#double?.setTrigger({
          ...trigger,
          filter: spec.filter,
          delivery: spec.delivery,
          subscriberUri: this.subscriberOf(fn.name),
          deadLetterUri: this.#deadLetterUri,
        });
      }
    }
  }

  /** Ends it at once: what is under way is not finished. */
  async stop(): Promise<void> {
    const running = this.#double;
    this.#double = undefined;
    await running?.close();
  }
}

export async function install(options: InstallationOptions): Promise<Installation> {
  const { kind, kcp, nats, toStream, withStandby } = options;
  const state = await claimAny(join(stateFolder, "test"));
  const file = (name: string) => join(state.folder, name);
  const operator = file("operator.kubeconfig");
  await pm(
    "bootstrap",
    `--kubeconfig=${kcp.adminKubeconfig}`,
    `--operator-token-file=${kcp.operatorTokenFile}`,
    `--operator-kubeconfig=${operator}`,
    "--admission=none",
  );
  const [brokerPort = 0, serving = 0, serveMetrics = 0, ...ofSources] = await freePorts(9);
  const functionsUrl = `http://127.0.0.1:${serving}`;
  const [schedulerUrl = "", standbySchedulerUrl = ""] = [ofSources[0], ofSources[3]].map(
    (port) => `http://127.0.0.1:${port}`,
  );
  const letters = await scriptedServer((_, response) => response.writeHead(202).end());
  const broker = new Broker(
    { kind, folder: file("broker"), port: brokerPort, ...(nats && { natsUrl: nats.url }) },
    (name) => `${functionsUrl}/${name}`,
    letters.url,
  );
  const sourceOn = (name: string, [scheduler, health, metrics]: readonly number[]) =>
    new PmProcess({
      args: [
        "source",
        `--kubeconfig=${operator}`,
        `--health-probe-bind-address=127.0.0.1:${health}`,
        `--metrics-bind-address=127.0.0.1:${metrics}`,
        `--scheduler-bind-address=127.0.0.1:${scheduler}`,
        `--function-url-template=${functionsUrl}/{function}`,
        `--dead-letter-sink=${letters.url}`,
        ...(withStandby ? ["--leader-elect"] : []),
        ...(toStream ? ["--bus=nats", `--nats-prefix=${streamPrefix}`] : [`--sink=${broker.url}`]),
        ...(nats ? [`--nats-url=${nats.url}`] : [`--state-dir=${file("source")}`]),
      ],
      logFile: file(`${name}.log`),
      readyUrl: `http://127.0.0.1:${health}/readyz`,
      metricsUrl: `http://127.0.0.1:${metrics}/metrics`,
    });
  const source = sourceOn("source", ofSources.slice(0, 3));
  const standby = sourceOn("standby", ofSources.slice(3));
  const serve = new PmProcess({
    args: [
      "serve",
      `--kubeconfig=${operator}`,
      `--port=${serving}`,
      `--metrics-bind-address=127.0.0.1:${serveMetrics}`,
      `--sink=${broker.url}`,
      `--scheduler-url=${schedulerUrl}`,
    ],
    logFile: file("serve.log"),
    readyUrl: `${functionsUrl}/health/readiness`,
    metricsUrl: `http://127.0.0.1:${serveMetrics}/metrics`,
  });
  await broker.start();
  await Promise.all([source.start(), serve.start()]);
  return {
    person: await Person.withKubeconfig(kcp.adminKubeconfig, "base"),
    ...{ source, standby, serve, broker, functionsUrl, schedulerUrl, standbySchedulerUrl, letters },
    async stop() {
      await Promise.all([source.stop(), standby.stop(), serve.stop()]);
      await broker.stop();
      await letters[Symbol.asyncDispose]();
      // For whoever looks for the cause of a failure.
      for (const name of ["source", "serve", ...(withStandby ? ["standby"] : [])]) {
        await copyFile(file(`${name}.log`), join(stateFolder, `knative-${kind}-${name}.log`));
      }
      await state.release();
    },
  };
}
