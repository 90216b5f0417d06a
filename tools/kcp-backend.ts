import type { Backend } from "./backend.ts";
import { startKcpServer } from "./kcp-server.ts";
import { startNatsServer } from "./nats-server.ts";
import { obtain } from "./obtain.ts";

/** A real kcp and a real NATS, and kubectl to look at them with. */
export const kcpBackend: Backend = {
  notice: "This is a real kcp and a real NATS. Their data go when they end.",
  async start(options) {
    const [kcp, nats] = await Promise.all([startKcpServer(options), startNatsServer(options), obtain("kubectl")]);
    return {
      kcp,
      bus: { flags: ["--bus=nats", `--nats-url=${nats.url}`], env: `NATS_URL=${nats.url}` },
      servers: [kcp.server, nats.server],
    };
  },
};
