import type { Backend, RunningBackend } from "./backend.ts";
import { type KcpOptions, startKcpServer } from "./kcp-server.ts";
import { startNatsServer } from "./nats-server.ts";
import { obtain } from "./obtain.ts";
import { startSecurity } from "./security-stack.ts";
import { prepareWebhook } from "./security-webhook.ts";

/** A real kcp and a real NATS, and kubectl to look at them with. */
export const kcpBackend: Backend = {
  notice: "This is a real kcp and a real NATS. Their data go when they end.",
  start: startServers,
};

/** The same, and OpenFGA, Keycloak and a mailbox: who is in, and who may do what. */
export const securedBackend: Backend = {
  notice: `This is a real kcp, NATS, OpenFGA and Keycloak, and a mailbox that keeps what Keycloak sends. Their data go when
they end.`,
  async start(options) {
    const webhook = await prepareWebhook(options.folder);
    const [running, security] = await Promise.all([
      startServers({ ...options, security: { authorizationWebhookConfig: webhook.configFile } }),
      startSecurity({ ...options, webhook }),
    ]);
    return { ...running, servers: [...running.servers, ...security.servers], security };
  },
};

async function startServers(options: KcpOptions): Promise<RunningBackend> {
  const [kcp, nats] = await Promise.all([startKcpServer(options), startNatsServer(options), obtain("kubectl")]);
  return {
    kcp,
    bus: { flags: ["--bus=nats", `--nats-url=${nats.url}`], env: `NATS_URL=${nats.url}` },
    servers: [kcp.server, nats.server],
  };
}
