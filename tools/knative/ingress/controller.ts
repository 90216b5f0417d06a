import { request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { ClusterApi } from "./cluster-api.ts";
import { type Backend, type Ingress, ingress } from "./ingress-object.ts";
import { hashHeader, hashOf, hashWanted, type RouteTable } from "./route-table.ts";

export const ingressClass = "account-functions.ingress.networking.knative.dev";
const ingresses = "/apis/networking.internal.knative.dev/v1alpha1/ingresses";
const classAnnotation = "networking.knative.dev/ingress.class";
const probePauseMs = 100;
const relistPauseMs = 500;

export interface ControllerOptions {
  readonly api: Pick<ClusterApi, "follow" | "read" | "patch">;
  readonly table: RouteTable;
  /** Address of the proxy, at which routes are tried before they are called ready. */
  readonly proxy: { readonly host: string; readonly port: number };
  /** Name that leads to the proxy from inside the cluster. */
  readonly domain: string;
}

/** Keeps the table of routes equal to the Ingresses of our class, and says so in their status. */
export class IngressController {
  readonly #options: ControllerOptions;
  readonly #addresses = new Map<string, Promise<string | undefined>>();
  /** The version that is wanted now; a probe for an older one ends. */
  readonly #wanted = new Map<string, string>();
  isReady = false;

  constructor(options: ControllerOptions) {
    this.#options = options;
  }

  async run(): Promise<never> {
    for (;;) {
      try {
        await this.#options.api.follow(ingresses, {
          onListed: (items) => {
            const listed = items.map((item) => ingress.parse(item));
            const keys = new Set(listed.map(keyOf));
            for (const key of this.#wanted.keys()) if (!keys.has(key)) this.#forget(key);
            for (const item of listed) this.#set(item);
            this.isReady = true;
          },
          onChange: (type, item) => {
            const changed = ingress.parse(item);
            if (type === "DELETED") this.#forget(keyOf(changed));
            else this.#set(changed);
          },
        });
      } catch (error) {
        console.error(`following Ingresses: ${error instanceof Error ? error.message : error}`);
      }
      await sleep(relistPauseMs);
    }
  }

  async addressOf({ serviceNamespace, serviceName, servicePort }: Backend) {
    const path = `/api/v1/namespaces/${serviceNamespace}/services/${serviceName}`;
    const known = this.#addresses.get(path) ?? this.#readAddress(path);
    this.#addresses.set(path, known);
    const host = await known;
    if (!host) this.#addresses.delete(path);
    return host ? { host, port: Number(servicePort) } : undefined;
  }

  async #readAddress(path: string): Promise<string | undefined> {
    const read = await this.#options.api.read(path);
    return service.parse(read ?? {}).spec?.clusterIP;
  }

  #forget(key: string): void {
    this.#wanted.delete(key);
    this.#options.table.delete(key);
    // A Service of that name that comes later is another one.
    this.#addresses.clear();
  }

  #set(item: Ingress): void {
    if (item.metadata.annotations[classAnnotation] !== ingressClass) return;
    const key = keyOf(item);
    const hash = hashOf(item);
    if (this.#wanted.get(key) === hash) return;
    this.#wanted.set(key, hash);
    this.#options.table.set(key, item);
    this.#whenReachable(item, hash).catch((error: unknown) => {
      // The next listing begins anew.
      this.#wanted.delete(key);
      console.error(`${key}: ${error instanceof Error ? error.message : error}`);
    });
  }

  async #whenReachable(item: Ingress, hash: string): Promise<void> {
    const hosts = item.spec.rules.flatMap((rule) => rule.hosts.slice(0, 1));
    const isWanted = () => this.#wanted.get(keyOf(item)) === hash;
    for (const host of hosts) {
      while (isWanted() && !(await this.#isReachable(host, hash))) await sleep(probePauseMs);
    }
    if (isWanted()) await this.#writeReady(item);
  }

  /** Knative's parts answer such a request themselves, before any function would see it. */
  #isReachable(host: string, hash: string): Promise<boolean> {
    const headers = {
      host,
      "k-network-probe": "probe",
      [hashHeader]: hashWanted,
      "user-agent": "Knative-Ingress-Probe",
    };
    return new Promise((resolve) => {
      const sent = request({ ...this.#options.proxy, headers, agent: false, timeout: 2000 }, (response) => {
        response.resume();
        resolve(response.statusCode === 200 && response.headers[hashHeader] === hash);
      });
      sent.once("timeout", () => sent.destroy());
      sent.once("error", () => resolve(false));
      sent.end();
    });
  }

  async #writeReady({ metadata: { namespace, name, generation } }: Ingress): Promise<void> {
    const lastTransitionTime = new Date().toISOString().replace(/\.\d+/, "");
    const conditions = ["LoadBalancerReady", "NetworkConfigured", "Ready"].map((type) => ({
      type,
      status: "True",
      lastTransitionTime,
    }));
    const balancer = { ingress: [{ domainInternal: this.#options.domain }] };
    await this.#options.api.patch(
      `/apis/networking.internal.knative.dev/v1alpha1/namespaces/${namespace}/ingresses/${name}/status`,
      {
        status: {
          observedGeneration: generation,
          conditions,
          publicLoadBalancer: balancer,
          privateLoadBalancer: balancer,
        },
      },
    );
  }
}

const service = z.looseObject({ spec: z.looseObject({ clusterIP: z.string().optional() }).optional() });
const keyOf = ({ metadata: { namespace, name } }: Ingress): string => `${namespace}/${name}`;
