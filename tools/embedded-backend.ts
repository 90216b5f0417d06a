import { join, relative } from "node:path";
import type { Backend } from "./backend.ts";
import { startEmbeddedServer } from "./kcp-server.ts";

/** Node alone: the control plane of `pm embedded`, with its data from and to a file if one is named, and a bus inside
 *  `pm run`. */
export function embeddedBackend(data: string | undefined): Backend {
  const fate = data ? `are saved to ${relative("", data)} when it ends` : "go when it ends (DATA=FILE keeps them)";
  return {
    notice: `This is the embedded control plane, for development only: kcp's API in memory, and no kcp. Its data
${fate}. A real kcp and NATS instead: BACKEND=kcp`,
    async start(options) {
      const kcp = await startEmbeddedServer({ ...options, data });
      const socket = join(options.folder, "bus.sock");
      return {
        kcp,
        bus: { flags: ["--bus=memory", `--bus-socket=${socket}`], env: `PM_BUS_SOCKET=${socket}` },
        servers: [kcp.server],
      };
    },
  };
}
