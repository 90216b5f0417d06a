import type { Log } from "../shared/function.ts";
import { messageOf } from "../shared/kcp/errors.ts";
import { serveArchive } from "./bus/archive-server.ts";
import type { Bus } from "./bus/bus.ts";
import { createMemoryBus } from "./bus/memory.ts";
import type { BusConfig } from "./run-config.ts";

/** The bus does not answer. */
export class BusUnreachableError extends Error {
  override name = "BusUnreachableError";
}

export interface BusHost {
  readonly log: Log;
  /** Of the product. */
  readonly version: string;
  /** Closes the bus in its turn. */
  readonly cleanup: AsyncDisposableStack;
}

/** The bus that the configuration names; throws BusUnreachableError. */
export async function openBus(config: BusConfig, { log, version, cleanup }: BusHost): Promise<Bus> {
  if (config.kind === "nats") {
    const { createJetStreamBus } = await import("./bus/jetstream.ts");
    const { url, prefix } = config;
    const opened = createJetStreamBus({ url: url.split(","), prefix, log, version }).catch((cause: unknown) => {
      throw new BusUnreachableError(messageOf(cause), { cause });
    });
    return cleanup.adopt(await opened, (bus) => bus.close());
  }
  const { recordFile } = config;
  const bus = createMemoryBus({ log, version, ...(recordFile !== undefined && { recordFile }) });
  cleanup.defer(() => bus.close());
  if (config.socket !== undefined) cleanup.adopt(await serveArchive(bus, config.socket), (server) => server.close());
  return bus;
}
