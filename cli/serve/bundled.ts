import { type FaasModule, faasModule } from "../../eventing/serve/faas.ts";
import { startServing } from "../../eventing/serve/serve.ts";
import type { AccountFunction } from "../../shared/function.ts";
import { bundleMain, parseBundled } from "../bundle-main.ts";
import { type Command, defineCommand } from "../command.ts";
import { logOf } from "../process-log.ts";
import { serveConfig } from "./serve-config.ts";
import { serveFlags } from "./serve-flags.ts";
import { type Served, serving } from "./serving.ts";

type Flags = Parameters<typeof serveConfig>[0];
/** What a bundle is made with. */
export type Made = Pick<Served, "openSecurity" | "version">;
export interface Bundled extends FaasModule {
  /** What the process does that the file is started as. */
  main(): Promise<void>;
}

/** One function with everything that serves it: as a program by itself, and as a module for faas-js-runtime. */
export function bundled(fn: AccountFunction, made: Made): Bundled {
  const command = commandOf(fn, made);
  return {
    main: () => bundleMain(command),
    ...faasModule(() => workingOf(fn, made, command)),
  };
}

function commandOf(fn: AccountFunction, made: Made): Command {
  return defineCommand({
    name: "serve",
    summary: `Answer events over HTTP with the function ${fn.name}`,
    description: `The same as pm serve --function ${fn.name}, in one file.
Where only variables can be set, PM_FLAGS holds flags, as "--base-domain=example.com --log-level=debug".`,
    options: serveFlags,
    examples: [{ run: "PORT=8080 KUBECONFIG=pm-operator.kubeconfig node dist/index.js", does: "on port 8080" }],
    run: ({ options }, io) => serving({ functions: [fn], ...made }, serveConfig(options, fn.name), io),
  });
}

/** The same without an HTTP server of its own; metrics have theirs. */
async function workingOf(fn: AccountFunction, made: Made, command: Command) {
  const { env, stdout } = process;
  const config = serveConfig(parseBundled(command, [], env).options as Flags, fn.name);
  const stopping = new AbortController();
  const log = logOf(config, { stdout });
  const host = { functions: [fn], ...made, log, env, signal: stopping.signal };
  const { respond, stop } = await startServing(config, host);
  return {
    respond,
    async stop() {
      stopping.abort(new Error("stopping"));
      await stop();
    },
  };
}
