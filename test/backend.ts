import { inject } from "vitest";
import type { BackendName } from "../tools/backend.ts";
import { startEmbedded, startKcp, type TestKcp } from "./servers.ts";

declare module "vitest" {
  interface ProvidedContext {
    readonly backend: BackendName;
  }
}

/** What the running project (vitest.config.ts) is for; only in its suites. */
export const backend = (): BackendName => inject("backend");

/** An empty control plane of that kind. */
export const startBackend = (): Promise<TestKcp> => (backend() === "embedded" ? startEmbedded() : startKcp());
