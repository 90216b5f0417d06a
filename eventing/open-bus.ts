import type { Log } from "../shared/function.ts";
import type { Bus } from "./bus/bus.ts";
import { createMemoryBus } from "./bus/memory.ts";
import type { BusConfig } from "./run-config.ts";

/** The bus does not answer. */
export class BusUnreachableError extends Error {
  override name = "BusUnreachableError";
}

/** The bus that the configuration names; throws BusUnreachableError. */
export async function openBus(config: BusConfig, log: Log): Promise<Bus> {
  if (config.kind === "memory") return createMemoryBus({ log });
  const { createJetStreamBus } = await import("./bus/jetstream.ts");
  return createJetStreamBus({ url: config.url.split(","), prefix: config.prefix, log }).catch((cause: unknown) => {
    throw new BusUnreachableError(cause instanceof Error ? cause.message : String(cause), { cause });
  });
}
