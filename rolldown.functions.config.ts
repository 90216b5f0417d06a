import { readFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig, type RolldownPlugin } from "rolldown";
import { functions, webhooks } from "./functions/index.ts";

const root = import.meta.dirname;
const { version }: { version: string } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

/** A kubeconfig by which a person signs in with OpenID Connect takes 1.1 MB of code: functions have a token. */
const withoutSignIn: RolldownPlugin = {
  name: "without sign-in",
  load: (id) =>
    id.endsWith("/client-node/dist/oidc_auth.js")
      ? `export class OpenIDConnectAuth {
  constructor() {
    throw new Error("a function does not sign in with OpenID Connect: give it a kubeconfig with a token or certificate");
  }
}
`
      : null,
};

/** Each function with everything that serves it, as one file that needs no node_modules. */
export default defineConfig(
  [
    ...functions.map(({ name, needs }) => ({ name, code: entryOf(name, needs !== undefined) })),
    ...webhooks.map((name) => ({ name, code: webhookEntryOf(name) })),
  ].map(({ name, code }) => ({
    input: `function:${name}`,
    plugins: [entry(name, code), withoutSignIn],
    platform: "node" as const,
    // Loaded from where they are installed, and only with --tracing-enabled.
    external: [/^@opentelemetry\/(?!api$)/],
    output: {
      // Another folder while somebody may run what is there.
      file: join("functions", name, process.env.BUNDLE_FOLDER ?? "dist", "index.js"),
      format: "esm" as const,
      minify: { compress: true, mangle: false, codegen: true },
      codeSplitting: false,
    },
    logLevel: "warn" as const,
  })),
);

function at(...path: readonly string[]): string {
  return JSON.stringify(join(root, ...path));
}

function entryOf(name: string, isSecuring: boolean): string {
  const [security, file] = isSecuring ? ["openSecurity", "security.ts"] : ["openSettingsOnly", "security-settings.ts"];
  return `import fn from ${at("functions", name, "index.ts")};
import { bundled } from ${at("cli", "serve", "bundled.ts")};
import { ${security} as openSecurity } from ${at("eventing", file)};
const { init, handle, shutdown, main } = bundled(fn, { openSecurity, version: ${JSON.stringify(version)} });
export { init, handle, shutdown };
if (import.meta.main) await main();
`;
}

function webhookEntryOf(name: string): string {
  return `import { bundledWebhook } from ${at("cli", "admission", "bundled.ts")};
await bundledWebhook(${JSON.stringify(name)}, ${JSON.stringify(version)}).main();
`;
}

/** The module that such a file begins with. */
function entry(name: string, code: string): RolldownPlugin {
  const id = `function:${name}`;
  return {
    name: "function entry",
    resolveId: (source) => (source === id ? id : null),
    load: (loaded) => (loaded === id ? code : null),
  };
}
