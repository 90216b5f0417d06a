import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { answersOk } from "../answers-ok.ts";
import { Server } from "../server.ts";
import { clusterDomain } from "./node-config.ts";
import type { PartOptions } from "./part-options.ts";

const readyPort = 8181;

/** The cluster's DNS. It runs on the node itself and not in a pod: one image and one start less. */
export async function startDns({ place, api, folder, cleanup, programs }: PartOptions): Promise<Server> {
  const kubeconfig = await api.writeKubeconfig(join(folder, "coredns.kubeconfig"), "admin");
  const file = join(folder, "Corefile");
  await writeFile(
    file,
    `.:53 {
  bind ${place.address}
  errors
  ready 127.0.0.1:${readyPort}
  kubernetes ${clusterDomain} in-addr.arpa {
    kubeconfig ${kubeconfig}
    ttl 5
  }
}
`,
  );
  const server = new Server({
    name: "coredns",
    ...place.wrap(programs.coredns, ["-conf", file]),
    folder,
    isReady: () => answersOk(place, { port: readyPort, path: "/ready" }),
    readyLimitMs: 60_000,
  });
  cleanup.defer(() => server.kill());
  await server.start();
  return server;
}
