import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";
import type { BackendName } from "./tools/backend.ts";

const seconds = 1000;
/** Of whoever looks until it is so. */
const patient = { poll: { timeout: 20 * seconds } };
const large = ["test/e2e/**/*.test.ts", "test/conformance/**/*.test.ts"];
const small = ["**/*.kcp.test.ts"];
const onEachBackend = [...large, ...small];
const onEmbedded = ["test/random/**/*.test.ts", "test/runtimes/**/*.test.ts"];
const onReal = ["**/*.real.test.ts"];
const onCluster = ["**/*.cluster.test.ts"];
const never = ["**/node_modules/**", ".state/**"];

/** `unit` needs no server and runs in seconds. `embedded` runs all suites for any backend on the control plane in memory,
 *  `real` and `real-cli` run the same on kcp and nats-server; each test learns which by test/backend.ts. `real-only` is
 *  what has no counterpart in memory, `cluster` what needs a whole Kubernetes with Knative. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          // A machine that is busy with other things is no failure.
          testTimeout: 30 * seconds,
          expect: patient,
          include: ["**/*.test.ts"],
          exclude: [...never, ...onEachBackend, ...onEmbedded, ...onReal, ...onCluster],
          // Modules are loaded once for all files: half the time, and no test here leaves state behind in one.
          pool: "threads",
          isolate: false,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      withServers("embedded", {
        backend: "embedded",
        include: [...onEachBackend, ...onEmbedded],
        workers: 2,
        order: 1,
      }),
      // All at once: the longest mostly waits, and beside it there is time for the others.
      withServers("real", { backend: "kcp", include: large, workers: 3, order: 2 }),
      withServers("real-cli", { backend: "kcp", include: small, workers: 3, order: 2 }),
      withServers("real-only", { backend: "kcp", include: onReal, workers: 3, order: 2 }),
      // Only for `make e2e-knative`.
      withServers("cluster", { backend: "kcp", include: onCluster, workers: 1, order: 3 }),
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

interface Suites {
  readonly backend: BackendName;
  readonly include: string[];
  /** Files at once. */
  readonly workers: number;
  /** Projects run one after another. */
  readonly order: number;
}

function withServers(name: string, { backend, include, workers, order }: Suites) {
  const test: TestProjectInlineConfiguration["test"] = {
    name,
    include,
    exclude: never,
    provide: { backend },
    // A process each: one that ends in any way takes its servers along (tools/supervise.ts).
    pool: "forks",
    maxWorkers: workers,
    testTimeout: 120 * seconds,
    hookTimeout: 180 * seconds,
    expect: patient,
    // Real servers share the machine with whatever else it does. Who needs the second try is named in the last lines.
    retry: backend === "kcp" ? 1 : 0,
    sequence: { groupOrder: order },
  };
  return { test };
}
