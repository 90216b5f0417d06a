import { inject } from "vitest";
import type { BackendName } from "../tools/backend.ts";
import type { KcpOptions } from "../tools/kcp-server.ts";
import { startEmbedded, startKcp, type TestKcp } from "./servers.ts";

declare module "vitest" {
  interface ProvidedContext {
    readonly backend: BackendName;
  }
}

/** What the running project (vitest.config.ts) is for; only in its suites. */
export const backend = (): BackendName => inject("backend");

/** An empty control plane of that kind; with `security` always a real kcp. */
export const startBackend = (options: Pick<KcpOptions, "security"> = {}): Promise<TestKcp> =>
  backend() === "embedded" && !options.security ? startEmbedded() : startKcp(options);
