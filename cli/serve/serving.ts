import { connectParent } from "../../eventing/isolation/parent.ts";
import type { ServeHost } from "../../eventing/serve/runtime.ts";
import { serve } from "../../eventing/serve/serve.ts";
import type { ServeConfig } from "../../eventing/serve/serve-config.ts";
import { createLog } from "../../shared/log.ts";
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
  const parent = connectParent(io.env);
  // What every line there says of the process it says already.
  const log = parent ? createLog({ ...config.log, attributes: {}, out: io.stdout }) : logOf(config, io);
  // In the middle of something, perhaps: what it served will be asked anew, elsewhere.
  parent?.gone.addEventListener("abort", () => process.exit(exit.failed));
  await serve(config, { ...served, parent, log, env: io.env, signal: io.signal });
  return exit.ok;
}
