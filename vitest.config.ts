import { defineConfig } from "vitest/config";
import type { BackendName } from "./test/backend.ts";

const seconds = 1000;
const onEachBackend = ["test/e2e/**/*.test.ts", "test/conformance/**/*.test.ts", "**/*.kcp.test.ts"];
const onEmbedded = ["test/random/**/*.test.ts"];
const onReal = ["**/*.real.test.ts"];
const never = ["**/node_modules/**", ".state/**"];

/** `unit` needs no server and runs in seconds. `embedded` and `real` run the same suites, the one on the control plane in
 *  memory, the other on kcp and nats-server; each test learns which by test/backend.ts. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["**/*.test.ts"],
          exclude: [...never, ...onEachBackend, ...onEmbedded, ...onReal],
          // Modules are loaded once for all files: half the time, and no test here leaves state behind in one.
          pool: "threads",
          isolate: false,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      { test: { ...withServers("embedded"), include: [...onEachBackend, ...onEmbedded], maxWorkers: 2 } },
      // One file after another: there is no room for two kcps, and none for the timing of tests beside one that starts.
      { test: { ...withServers("kcp"), include: [...onEachBackend, ...onReal], fileParallelism: false } },
    ],
    teardownTimeout: 30 * seconds,
    coverage: {
      provider: "v8",
      include: ["functions/**/*.ts", "shared/**/*.ts", "eventing/**/*.ts"],
      exclude: ["**/*.test.ts"],
      reporter: ["json-summary", "html"],
      reportsDirectory: "coverage",
      reportOnFailure: true,
    },
  },
});

function withServers(backend: BackendName) {
  const isReal = backend === "kcp";
  return {
    name: isReal ? "real" : backend,
    provide: { backend },
    exclude: never,
    // A process each: one that ends in any way takes its servers along (tools/supervise.ts).
    pool: "forks" as const,
    testTimeout: 120 * seconds,
    hookTimeout: 180 * seconds,
    sequence: { groupOrder: isReal ? 2 : 1 },
  };
}
