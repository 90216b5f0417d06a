import type { Part } from "./base-layer.ts";
import { bundle } from "./bundle.ts";
import { layerOf } from "./layer.ts";
import { lockedPackage } from "./npm-package.ts";
import type { Entry } from "./tree.ts";

/** What eventing/tracing.ts loads by name, and only with --tracing-enabled. */
const names = ["exporter-trace-otlp-grpc", "resources", "sdk-trace"];
const id = "tracing";

/** The OpenTelemetry packages, bundled, where Node.js looks for them: the same layer in every image. */
export async function tracingLayer(): Promise<Part> {
  const { files, packages } = await bundle({
    input: Object.fromEntries(names.map((name) => [`${name}/index`, `@opentelemetry/${name}`])),
    platform: "node",
    logLevel: "warn",
    output: { format: "esm", minify: true, entryFileNames: "[name].mjs", chunkFileNames: "[name]-[hash].mjs" },
  });
  const all = new Map(files);
  for (const name of names) all.set(`${name}/package.json`, await packageJson(name));
  const tree = [...all].map(([name, content]): [string, Entry] => [
    `app/node_modules/@opentelemetry/${name}`,
    { content, from: id },
  ]);
  const own = {
    id,
    name: "account-functions-tracing",
    version: "1",
    license: "Apache-2.0",
    purl: `pkg:generic/account-functions-tracing@1`,
  };
  return {
    layer: await layerOf("OpenTelemetry for --tracing-enabled", new Map(tree)),
    components: [own, ...packages.map(({ component }) => ({ ...component, id: `${id}-${component.id}`, within: id }))],
  };
}

async function packageJson(name: string): Promise<Buffer> {
  const { version, license } = await lockedPackage(`@opentelemetry/${name}`);
  return Buffer.from(
    `${JSON.stringify({ name: `@opentelemetry/${name}`, version, license, exports: "./index.mjs" })}\n`,
  );
}
