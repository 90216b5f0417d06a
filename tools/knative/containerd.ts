import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Server } from "../server.ts";
import { containerdConfig, containerdSocket, networkConfig } from "./node-config.ts";
import type { PartOptions } from "./part-options.ts";

/** containerd, with a way to bring images in: a registry is not to be reached from here. */
export interface Containerd {
  readonly server: Server;
  importImages(archive: string): Promise<void>;
  /** The same for people; the archive follows. */
  readonly importCommand: string;
}

export async function startContainerd({ place, folder, cleanup, packages }: PartOptions): Promise<Containerd> {
  const { cniPlugins, env } = packages;
  const cniConfig = join(folder, "cni");
  await mkdir(cniConfig);
  await writeFile(join(cniConfig, "10-pods.conflist"), JSON.stringify(networkConfig));
  const config = join(folder, "containerd.toml");
  await writeFile(config, containerdConfig({ root: join(folder, "containerd"), cniPlugins, cniConfig }));
  const ctrProgram = packages.program("ctr");
  const ctr = (args: readonly string[]) => place.exec(ctrProgram, ["-a", containerdSocket, ...args], env);
  const server = new Server({
    name: "containerd",
    ...place.wrap(packages.program("containerd"), ["--config", config]),
    env,
    folder,
    isReady: () =>
      ctr(["version"]).then(
        () => true,
        () => false,
      ),
    readyLimitMs: 30_000,
  });
  cleanup.defer(() => server.kill());
  await server.start();
  const importImages = async (archive: string) => void (await ctr(["-n", "k8s.io", "images", "import", archive]));
  const importCommand = `${ctrProgram} -a ${containerdSocket} -n k8s.io images import`;
  return { server, importImages, importCommand };
}
