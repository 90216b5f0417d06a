import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { createMemoryBus } from "../../eventing/bus/memory.ts";
import { noMetrics } from "../../eventing/dispatch-metrics.ts";
import { createDispatcher } from "../../eventing/dispatcher.ts";
import { executeHere } from "../../eventing/execute.ts";
import { createSource } from "../../eventing/source/source.ts";
import { Store } from "../../eventing/store.ts";
import { functions } from "../../functions/index.ts";
import { done } from "../../shared/function.ts";
import type { Http } from "../../shared/kcp/http.ts";

const silent = { debug() {}, info() {}, warn: console.warn, error: console.error };
const server = "https://kcp.example";
const text = (body: object) => JSON.stringify(body);

/** Events of Accounts per second through source, memory bus and dispatcher, for functions that do nothing; and how many
 *  invocations that are. */
export async function eventsPerSecond(
  count: number,
): Promise<{ readonly events: number; readonly invocations: number }> {
  const watches = new Map<string, IncomingMessage>();
  let invocations = 0;
  const { promise: all, resolve } = Promise.withResolvers<void>();
  const http: Http = {
    send: async ({ url }) => ({ status: 200, headers: {}, text: text(listAt(new URL(url).pathname)) }),
    open: async ({ url, signal }) => {
      const message = new IncomingMessage(new Socket());
      message.statusCode = 200;
      signal?.addEventListener("abort", () => message.destroy(new Error("aborted")));
      watches.set(new URL(url).pathname.split("/").at(-1) ?? "", message);
      return message;
    },
    close: () => {},
  };
  const config = { context: "", server, workspace: "root", serverCa: () => "", tls: {}, headers: async () => ({}) };
  const bus = createMemoryBus();
  const store = new Store();
  const source = createSource({ config, sliceName: "slice", bus, store, resyncMs: 3_600_000, log: silent, http });
  const dispatcher = createDispatcher({
    ...{ bus, functions, log: silent },
    execute: executeHere(async () => done()),
    metrics: {
      ...noMetrics,
      handled: ({ event }) => {
        invocations++;
        if (event.name === `account-${count - 1}`) resolve();
      },
    },
  });
  const stopping = new AbortController();
  const running = source.start(stopping.signal);
  while (!source.synced) await new Promise((again) => setTimeout(again, 5));
  await dispatcher.start();
  const started = performance.now();
  for (let index = 0; index < count; index++) watches.get("accounts")?.push(`${text(changeOf(index))}\n`);
  await all;
  const seconds = (performance.now() - started) / 1000;
  stopping.abort();
  await dispatcher.drain(100);
  await running;
  await bus.close();
  return { events: count / seconds, invocations: invocations / seconds };
}

function listAt(path: string): object {
  const isSlice = path.endsWith("/apiexportendpointslices");
  const metadata = { name: "slice", uid: "slice", resourceVersion: "1" };
  const items = isSlice ? [{ metadata, status: { endpoints: [{ url: `${server}/shard` }] } }] : [];
  return { apiVersion: "v1", kind: "AnyList", metadata: { resourceVersion: "1" }, items };
}

/** As large as a Ready Account is. */
function changeOf(index: number): object {
  const conditions = ["WorkspaceType", "Workspace", "ManageAccountInfo", "Security", "WorkspaceReady"].map((step) => ({
    type: `${step}Subroutine`,
    status: "True",
    reason: "Complete",
    message: "",
    lastTransitionTime: "2026-01-01T00:00:00Z",
    observedGeneration: 1,
  }));
  return {
    type: "ADDED",
    object: {
      apiVersion: "core.platform-mesh.io/v1alpha1",
      kind: "Account",
      metadata: {
        name: `account-${index}`,
        uid: `uid-${index}`,
        resourceVersion: String(index + 2),
        generation: 1,
        creationTimestamp: "2026-01-01T00:00:00Z",
        finalizers: ["account.core.platform-mesh.io/finalizer"],
        annotations: { "kcp.io/cluster": `cluster-${index % 100}` },
      },
      spec: { type: "account", displayName: `Account ${index}` },
      status: { conditions, observedGeneration: 1, phase: "Ready" },
    },
  };
}
