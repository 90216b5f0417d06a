import { serve } from "../../eventing/serve/serve.ts";
import type { ServeConfig } from "../../eventing/serve/serve-config.ts";
import type { AccountFunction } from "../../shared/function.ts";
import type { Io } from "../command.ts";
import { exit } from "../errors.ts";
import { logOf } from "../process-log.ts";

interface Place {
  readonly io: Pick<Io, "stdout" | "env" | "signal">;
  /** Of the product. */
  readonly version: string;
}

/** Serves functions until the signal of `io`; answers the exit code. */
export async function serving(
  functions: readonly AccountFunction[],
  config: ServeConfig,
  { io, version }: Place,
): Promise<number> {
  await serve(config, { functions, log: logOf(config, io), version, env: io.env, signal: io.signal });
  return exit.ok;
}
