import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSocketArchive } from "./archive-client.ts";
import { archiveContract } from "./archive-contract.ts";
import { serveArchive } from "./archive-server.ts";
import { createMemoryBus } from "./memory.ts";

const version = "1.2.3";

archiveContract("memory bus, in its process", async () => {
  const bus = createMemoryBus({ version });
  return { bus, archive: bus, close: () => bus.close() };
});

archiveContract("memory bus, over a socket", async () => {
  const folder = await mkdtemp(join(tmpdir(), "archive-test-"));
  const path = join(folder, "bus.sock");
  const bus = createMemoryBus({ version });
  const server = await serveArchive(bus, path);
  const archive = await openSocketArchive({ path, timeoutMs: 5_000 });
  return {
    bus,
    archive,
    async close() {
      await archive.close();
      await server.close();
      await bus.close();
      await rm(folder, { recursive: true });
    },
  };
});
