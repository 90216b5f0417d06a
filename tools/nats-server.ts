import { writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { obtain } from "./obtain.ts";
import { withFreePorts } from "./ports.ts";
import { Server, type StartOptions } from "./server.ts";

/** A running nats-server with JetStream. */
export interface Nats {
  readonly url: string;
  readonly server: Server;
}

export async function startNatsServer({ folder, cleanup }: StartOptions): Promise<Nats> {
  const command = await obtain("nats-server");
  return withFreePorts(1, async ([port = 0]) => {
    const config = join(folder, "nats-server.json");
    await writeFile(
      config,
      JSON.stringify({
        listen: `127.0.0.1:${port}`,
        // The largest event that the product publishes; nats-server's own default is 1 MiB.
        max_payload: 8 * 1024 * 1024,
        jetstream: { store_dir: join(folder, "jetstream") },
      }),
    );
    const isReady = () => greets(port);
    const args = ["--config", config];
    const server = new Server({ name: "nats-server", command, args, folder, isReady, readyLimitMs: 30_000 });
    cleanup?.defer(() => server.stop());
    await server.start();
    return { url: `nats://127.0.0.1:${port}`, server };
  });
}

/** nats-server speaks first, once JetStream is up. */
function greets(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1", timeout: 2000 });
    const answer = (ready: boolean) => {
      socket.destroy();
      resolve(ready);
    };
    socket.once("data", (chunk) => answer(chunk.toString("latin1").startsWith("INFO ")));
    socket.once("error", () => answer(false));
    socket.once("close", () => answer(false));
    socket.once("timeout", () => answer(false));
  });
}
