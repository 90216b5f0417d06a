import { join } from "node:path";
import { Server } from "../server.ts";
import type { User } from "./api-server.ts";
import type { PartOptions } from "./part-options.ts";

/** kube-controller-manager and kube-scheduler. What they do shows whether they are ready. */
export async function startControllers(options: PartOptions): Promise<readonly Server[]> {
  const { caFile, serviceAccountKeyFile } = options.api;
  const servers = [
    await controller("kube-controller-manager", options, [
      `--root-ca-file=${caFile}`,
      `--service-account-private-key-file=${serviceAccountKeyFile}`,
      "--use-service-account-credentials=true",
    ]),
    await controller("kube-scheduler", options, []),
  ];
  for (const server of servers) options.cleanup.defer(() => server.kill());
  await Promise.all(servers.map((server) => server.start()));
  return servers;
}

async function controller(
  name: "kube-controller-manager" | "kube-scheduler",
  { place, api, folder, programs }: PartOptions,
  own: readonly string[],
): Promise<Server> {
  const kubeconfig = await api.writeKubeconfig(join(folder, `${name}.kubeconfig`), `system:${name}` satisfies User);
  const args = [
    `--kubeconfig=${kubeconfig}`,
    "--leader-elect=false",
    "--bind-address=127.0.0.1",
    `--cert-dir=${join(folder, name)}`,
    // Nobody asks them anything.
    "--authentication-tolerate-lookup-failure=true",
    ...own,
  ];
  const command = place.wrap(programs[name], args);
  return new Server({ name, ...command, folder, isReady: () => Promise.resolve(true), readyLimitMs: 60_000 });
}
