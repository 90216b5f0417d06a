import type { ServeHost } from "../../eventing/serve/runtime.ts";
import { serve } from "../../eventing/serve/serve.ts";
import type { ServeConfig } from "../../eventing/serve/serve-config.ts";
import type { Io } from "../command.ts";
import { exit } from "../errors.ts";
import { logOf } from "../process-log.ts";

/** What is served, and of which product. */
export type Served = Pick<ServeHost, "functions" | "openSecurity" | "version">;

/** Serves functions until the signal of `io`; answers the exit code. */
export async function serving(
  served: Served,
  config: ServeConfig,
  io: Pick<Io, "stdout" | "env" | "signal">,
): Promise<number> {
  await serve(config, { ...served, log: logOf(config, io), env: io.env, signal: io.signal });
  return exit.ok;
}
