import { readFile, writeFile } from "node:fs/promises";
import { get } from "node:http";
import { join } from "node:path";
import { startKcpServer } from "../../tools/kcp-server.ts";
import type { Cluster } from "../../tools/knative/cluster.ts";
import { startNatsServer } from "../../tools/nats-server.ts";
import type { StartOptions } from "../../tools/server.ts";
import { Person } from "../e2e/person.ts";

/** What an installation on Knative needs beside the cluster, on the cluster's node and outside of its pods (decisions 43). */
export interface Mesh {
  /** Acts as kcp's admin, in root:orgs unless a workspace is named. */
  readonly admin: Person;
  /** Of kcp's admin, for who runs inside. */
  readonly adminKubeconfig: string;
  readonly operatorToken: string;
  readonly natsUrl: string;
  /** Takes events for the Broker of a namespace. */
  sinkOf(namespace: string, broker: string): string;
}
export interface MeshOptions extends Required<StartOptions> {
  readonly cluster: Cluster;
}

const brokerPort = 8085;
const ingressPort = 80;

export async function startMesh(options: MeshOptions): Promise<Mesh> {
  const { cluster } = options;
  const [kcp, nats] = await Promise.all([startKcp(options), startNatsServer({ ...options, place: cluster.place })]);
  await startBrokers(options);
  return {
    ...kcp,
    natsUrl: nats.url,
    sinkOf: (namespace, broker) => `http://${cluster.hostAddress}:${brokerPort}/${namespace}/${broker}`,
  };
}

async function startKcp({ cluster, folder, cleanup }: MeshOptions) {
  const { adminKubeconfig, operatorTokenFile, url } = await startKcpServer({ folder, cleanup, place: cluster.place });
  const port = await cluster.forward(Number(new URL(url).port));
  const outside = join(folder, "kcp-outside.kubeconfig");
  // Outside, it is known by the name that its certificate has besides its address.
  const text = (await readFile(adminKubeconfig, "utf8")).replaceAll(url, `https://localhost:${port}`);
  await writeFile(outside, text, { mode: 0o600 });
  const admin = await Person.withKubeconfig(outside, "base");
  cleanup.defer(() => admin.client.close());
  return { admin, adminKubeconfig, operatorToken: (await readFile(operatorTokenFile, "utf8")).trim() };
}

/** The double stands for Knative Eventing, of which no binaries can be had. */
async function startBrokers({ cluster, folder }: MeshOptions): Promise<void> {
  const address = `${cluster.hostAddress}:${brokerPort}`;
  await cluster.runServer({
    name: "brokers",
    command: process.execPath,
    args: [
      join(import.meta.dirname, "..", "knative", "main.ts"),
      `--kubeconfig=${cluster.insideKubeconfig}`,
      `--listen=${address}`,
      "--class=mt",
      `--gateway=http://${cluster.hostAddress}:${ingressPort}`,
      `--state-dir=${join(folder, "brokers")}`,
    ],
    isReady: () => isListening(cluster),
    readyLimitMs: 30_000,
  });
}

/** It answers something: that only events are taken. */
function isListening({ place, hostAddress }: Cluster): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const createConnection = () => place.connect(hostAddress, brokerPort);
  const request = get({ path: "/", timeout: 2000, createConnection }, (response) => {
    response.resume();
    resolve(true);
  });
  request.once("timeout", () => request.destroy());
  request.once("error", () => resolve(false));
  return promise;
}
