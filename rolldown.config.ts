import { defineConfig } from "rolldown";

/** `pm` as plain JavaScript that needs no node_modules: starts faster and takes 20 MB less memory than the sources. */
export default defineConfig({
  input: "cli/main.ts",
  platform: "node",
  // Loaded from where they are installed, and only with --tracing-enabled.
  external: [/^@opentelemetry\/(?!api$)/],
  output: { format: "esm", minify: { compress: true, mangle: false, codegen: true } },
  logLevel: "warn",
});
