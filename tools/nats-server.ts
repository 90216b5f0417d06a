import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { obtain } from "./obtain.ts";
import { type Place, thisMachine } from "./place.ts";
import { withFreePorts } from "./ports.ts";
import { Server, type StartOptions } from "./server.ts";

/** A running nats-server with JetStream. */
export interface Nats {
  readonly url: string;
  readonly server: Server;
}

export interface NatsOptions extends StartOptions {
  /** Where it runs; this machine unless given. */
  readonly place?: Place | undefined;
}

export async function startNatsServer({ folder, cleanup, place = thisMachine }: NatsOptions): Promise<Nats> {
  const program = await obtain("nats-server");
  return withFreePorts(1, async ([port = 0]) => {
    const config = join(folder, "nats-server.json");
    await writeFile(
      config,
      JSON.stringify({
        listen: `${place.address}:${port}`,
        // The largest event that the product publishes; nats-server's own default is 1 MiB.
        max_payload: 8 * 1024 * 1024,
        jetstream: { store_dir: join(folder, "jetstream") },
      }),
    );
    const isReady = () => greets(place, port);
    const command = place.wrap(program, ["--config", config]);
    const server = new Server({ name: "nats-server", ...command, folder, isReady, readyLimitMs: 30_000 });
    cleanup?.defer(() => server.stop());
    await server.start();
    return { url: `nats://${place.address}:${port}`, server };
  });
}

/** nats-server speaks first, once JetStream is up. */
function greets(place: Place, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = place.connect(place.address, port).setTimeout(2000);
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
