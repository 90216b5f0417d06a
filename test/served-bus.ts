import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Archive } from "../eventing/bus/archive.ts";
import { serveArchive } from "../eventing/bus/archive-server.ts";
import type { Bus } from "../eventing/bus/bus.ts";
import { createMemoryBus } from "../eventing/bus/memory.ts";

/** A memory bus that commands reach by its socket, as that of a `pm run`, and a folder for their files. */
export interface ServedBus extends AsyncDisposable {
  readonly bus: Bus & Archive;
  readonly socket: string;
  readonly folder: string;
}

export async function serveBus(): Promise<ServedBus> {
  const folder = await mkdtemp(join(tmpdir(), "pm-bus-"));
  const socket = join(folder, "bus.sock");
  const bus = createMemoryBus({ version: "1.2.3" });
  const server = await serveArchive(bus, socket);
  return {
    bus,
    socket,
    folder,
    async [Symbol.asyncDispose]() {
      await server.close();
      await bus.close();
      await rm(folder, { recursive: true });
    },
  };
}
