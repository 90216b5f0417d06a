import { join } from "node:path";
import { obtainClusterTools } from "../obtain.ts";
import type { Place } from "../place.ts";
import { withProgress } from "../progress.ts";
import { Server, type ServerSpec, type StartOptions } from "../server.ts";
import { startApiServerAt } from "./api-server.ts";
import { obtainClusterImages } from "./cluster-images.ts";
import { startContainerd } from "./containerd.ts";
import { startControllers } from "./controllers.ts";
import { obtainDebianPackages } from "./debian-packages.ts";
import { startDns } from "./dns.ts";
import { startIngress } from "./ingress.ts";
import { type Kubectl, kubectlFor } from "./kubectl.ts";
import { checkMachine, Namespace } from "./namespace.ts";
import { startNode } from "./node.ts";
import { nameOnNode } from "./node-service.ts";
import type { PartOptions } from "./part-options.ts";
import { defineServing, installServing, quickScaling, type Scaling, servingAvailable } from "./serving.ts";

const ports = { api: 6443, etcd: 2379, etcdPeer: 2380 };

/** A Kubernetes of one node with Knative Serving, in namespaces of its own: nothing of it is to be seen on the machine's
 *  network, and all of it ends with this process. */
export interface Cluster {
  /** Of its admin, for who runs on this machine. */
  readonly kubeconfig: string;
  /** Of its admin, for who runs inside the namespaces, and in pods. */
  readonly insideKubeconfig: string;
  /** Runs kubectl as its admin. */
  readonly kubectl: Kubectl;
  /** Address of the node: servers that listen on it are reached from pods. */
  readonly hostAddress: string;
  /** The first server that ends without having been asked to, with its last words. */
  readonly failed: Promise<Error>;
  /** Runs a command inside to its end, and answers what it printed. */
  exec(command: string, args?: readonly string[]): Promise<string>;
  /** Takes the images of an OCI archive; no registry is reached from inside. */
  importImage(archive: string): Promise<void>;
  /** Starts a server inside, which ends with the cluster. */
  runServer(spec: Omit<ServerSpec, "folder">): Promise<Server>;
  /** Where servers inside run, for who starts kcp, NATS or OpenFGA there. */
  readonly place: Place;
  /** Gives a server that listens on the node a name for pods; answers that in full. */
  nameServer(name: string, port: number): Promise<string>;
  /** Makes a server inside answer on 127.0.0.1 of this machine, too; answers the port there. */
  forward(port: number, host?: string): Promise<number>;
  /** For people: what a command begins with to run inside, and what brings an archive of images in. */
  readonly enterCommand: string;
  readonly importCommand: string;
  stop(): Promise<void>;
}
export interface ClusterOptions extends Required<StartOptions> {
  readonly scaling?: Scaling;
}

/** Starts it in `folder`; what is to be ended goes to `cleanup`, also when this rejects. */
export async function startCluster({
  folder,
  cleanup: outer,
  scaling = quickScaling,
}: ClusterOptions): Promise<Cluster> {
  await checkMachine();
  const cleanup = new AsyncDisposableStack();
  outer.defer(() => cleanup.disposeAsync());
  const programs = await obtainClusterTools();
  const packages = await obtainDebianPackages();
  const images = await obtainClusterImages(packages, programs);
  const place = await Namespace.start({ folder, cleanup, isNode: true });
  const flags = ["--kubelet-preferred-address-types=InternalIP"];
  const api = await startApiServerAt({ folder, cleanup, place, ports, flags });
  const options: PartOptions = { folder, cleanup, place, api, packages, programs };
  const insideKubeconfig = await api.writeKubeconfig(join(folder, "inside.kubeconfig"), "admin");
  const url = `https://127.0.0.1:${await place.forward(ports.api, { cleanup })}`;
  const kubeconfig = await api.writeKubeconfig(join(folder, "kubeconfig"), "admin", url);
  const kubectl = await kubectlFor(kubeconfig);
  const containerd = await startContainerd(options);
  const node = withProgress("importing images", () => containerd.importImages(images)).then(() => startNode(options));
  const knative = withProgress("defining the kinds of Knative", () => defineServing(kubectl)).then(async () => {
    await withProgress("installing Knative Serving", () => installServing(kubectl, scaling));
    return startIngress(kubectl, options);
  });
  const servers = (await Promise.all([node, knative, startControllers(options), startDns(options)])).flat();
  await withProgress("waiting for Knative Serving", () => servingAvailable(kubectl));
  return {
    kubeconfig,
    insideKubeconfig,
    kubectl,
    hostAddress: place.address,
    failed: Promise.race([...api.servers, containerd.server, ...servers].map((server) => server.failed())),
    exec: (command, args) => place.exec(command, args),
    importImage: (archive) => containerd.importImages(archive),
    runServer: async ({ command, args, ...spec }) => {
      const server = new Server({ ...spec, ...place.wrap(command, args), folder });
      cleanup.defer(() => server.stop());
      await server.start();
      return server;
    },
    place,
    nameServer: (name, port) => nameOnNode(kubectl, { namespace: "servers", name, address: place.address, port }),
    forward: (port, host) => place.forward(port, { cleanup, ...(host && { host }) }),
    enterCommand: place.enterCommand,
    importCommand: `${place.enterCommand} ${containerd.importCommand}`,
    stop: () => cleanup.disposeAsync(),
  };
}
