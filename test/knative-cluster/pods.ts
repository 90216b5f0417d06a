import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { Cluster } from "../../tools/knative/cluster.ts";
import { namespace } from "./installation.ts";

export interface Pod {
  readonly name: string;
  readonly component: string;
  /** The Knative Service that it belongs to. */
  readonly service: string | undefined;
  readonly isReady: boolean;
}

const list = z.object({
  items: z.array(
    z.object({
      metadata: z.object({
        name: z.string(),
        labels: z.record(z.string(), z.string()),
        deletionTimestamp: z.string().optional(),
      }),
      status: z.object({ conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]) }),
    }),
  ),
});

/** Pods of the installation that are not about to go. */
export async function podsOf({ kubectl }: Cluster, component?: string): Promise<readonly Pod[]> {
  const selector = component ? [`--selector=app.kubernetes.io/component=${component}`] : [];
  const { items } = list.parse(JSON.parse(await kubectl(["-n", namespace, "get", "pods", "-o=json", ...selector])));
  return items
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map(({ metadata: { name, labels }, status }) => ({
      name,
      component: labels["app.kubernetes.io/component"] ?? "",
      service: labels["serving.knative.dev/service"],
      isReady: status.conditions.some(({ type, status }) => type === "Ready" && status === "True"),
    }));
}

/** How many pods of functions there are, from one look to the next. */
export class PodCount implements AsyncDisposable {
  readonly #stop = new AbortController();
  readonly #cluster: Cluster;
  readonly #looking: Promise<void>;
  readonly #start = performance.now();
  readonly #seen: { readonly atMs: number; readonly count: number }[] = [];

  constructor(cluster: Cluster, everyMs = 1_000) {
    this.#cluster = cluster;
    this.#looking = this.#lookOn(everyMs);
  }

  /** Each change as `12s:3`. */
  get changes(): string {
    return this.#seen
      .filter(({ count }, index) => count !== this.#seen[index - 1]?.count)
      .map(({ atMs, count }) => `${Math.round(atMs / 1000)}s:${count}`)
      .join(" ");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#stop.signal.aborted) return;
    this.#stop.abort();
    await this.#looking;
    await this.#look();
  }

  async #lookOn(everyMs: number): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await this.#look();
      await sleep(everyMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async #look(): Promise<void> {
    const atMs = performance.now() - this.#start;
    // A look that fails tells nothing of pods.
    const pods = await podsOf(this.#cluster, "function").catch(() => undefined);
    if (pods) this.#seen.push({ atMs, count: pods.length });
  }
}
