import { join } from "node:path";
import { answersOk } from "../answers-ok.ts";
import { Server } from "../server.ts";
import type { Kubectl } from "./kubectl.ts";
import { nameOnNode } from "./node-service.ts";
import type { PartOptions } from "./part-options.ts";

const port = 80;

/** The ingress runs on the node itself, under a name of the cluster. */
export async function startIngress(kubectl: Kubectl, { place, api, folder, cleanup }: PartOptions): Promise<Server> {
  const kubeconfig = await api.writeKubeconfig(join(folder, "ingress.kubeconfig"), "admin");
  const name = await nameOnNode(kubectl, { namespace: "ingress", name: "ingress", address: place.address, port });
  const main = join(import.meta.dirname, "ingress", "main.ts");
  const args = [main, kubeconfig, place.address, `${port}`, name];
  const server = new Server({
    name: "ingress",
    ...place.wrap(process.execPath, args),
    folder,
    isReady: () => answersOk(place, { host: place.address, port, path: "/healthz" }),
    readyLimitMs: 60_000,
  });
  cleanup.defer(() => server.kill());
  await server.start();
  return server;
}
