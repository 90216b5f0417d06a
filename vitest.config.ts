import { defineConfig } from "vitest/config";

const seconds = 1000;
const real = ["**/*.real.test.ts", "test/e2e/**/*.test.ts"];
const never = ["**/node_modules/**", ".state/**"];

/** `unit` needs no server and runs in seconds; `real` starts kcp and nats-server, one file after another. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["**/*.test.ts"],
          exclude: [...never, ...real],
          // Modules are loaded once for all files: half the time, and no test here leaves state behind in one.
          pool: "threads",
          isolate: false,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: "real",
          include: real,
          exclude: never,
          // A process each: one that ends in any way takes its servers along (tools/supervise.ts).
          pool: "forks",
          fileParallelism: false,
          testTimeout: 120 * seconds,
          hookTimeout: 180 * seconds,
          sequence: { groupOrder: 1 },
        },
      },
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
