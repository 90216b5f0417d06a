import { readFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig, type RolldownPlugin } from "rolldown";
import { functions } from "./functions/index.ts";

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
  functions.map(({ name, needs }) => ({
    input: `function:${name}`,
    plugins: [entryOf(name, needs !== undefined), withoutSignIn],
    platform: "node" as const,
    // Loaded from where they are installed, and only with --tracing-enabled.
    external: [/^@opentelemetry\/(?!api$)/],
    output: {
      file: join("functions", name, "dist", "index.js"),
      format: "esm" as const,
      minify: { compress: true, mangle: false, codegen: true },
      codeSplitting: false,
    },
    logLevel: "warn" as const,
  })),
);

/** The module that such a file begins with. */
function entryOf(name: string, isSecuring: boolean): RolldownPlugin {
  const id = `function:${name}`;
  const [security, file] = isSecuring ? ["openSecurity", "security.ts"] : ["openSettingsOnly", "security-settings.ts"];
  return {
    name: "function entry",
    resolveId: (source) => (source === id ? id : null),
    load: (loaded) =>
      loaded === id
        ? `import fn from ${JSON.stringify(join(root, "functions", name, "index.ts"))};
import { bundled } from ${JSON.stringify(join(root, "cli", "serve", "bundled.ts"))};
import { ${security} as openSecurity } from ${JSON.stringify(join(root, "eventing", file))};
const { init, handle, shutdown, main } = bundled(fn, { openSecurity, version: ${JSON.stringify(version)} });
export { init, handle, shutdown };
if (import.meta.main) await main();
`
        : null,
  };
}
