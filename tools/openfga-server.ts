import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { request } from "node:https";
import { join } from "node:path";
import { selfSigned } from "../shared/self-signed.ts";
import { obtain } from "./obtain.ts";
import { withFreePorts } from "./ports.ts";
import { runCommand } from "./run-command.ts";
import { Server, type StartOptions } from "./server.ts";

/** A running OpenFGA, over HTTPS and for those who have its preshared key. */
export interface OpenFga {
  readonly url: string;
  /** Certificate to trust. */
  readonly caFile: string;
  /** Holds the preshared key. */
  readonly tokenFile: string;
  readonly server: Server;
}
/** Where its data lives: gone when it ends, in its folder, or in a database, e.g. `postgres://user@127.0.0.1:5432/fga`. */
export type OpenFgaEngine = "memory" | "sqlite" | { readonly postgres: string };

export async function startOpenFgaServer(
  { folder, cleanup }: StartOptions,
  { engine = "memory" }: { readonly engine?: OpenFgaEngine } = {},
): Promise<OpenFga> {
  const command = await obtain("openfga");
  const { key, cert } = selfSigned("localhost");
  const token = randomBytes(24).toString("base64url");
  const file = (name: string) => join(folder, `openfga.${name}`);
  const secret = { mode: 0o600 };
  await Promise.all([
    writeFile(file("key"), key, secret),
    writeFile(file("crt"), cert),
    writeFile(file("token"), token, secret),
  ]);
  const data = datastore(engine, folder);
  if (engine !== "memory") await runCommand(command, ["migrate"], { cwd: folder, env: { ...process.env, ...data } });
  return withFreePorts(2, async ([http = 0, grpc = 0]) => {
    const server = new Server({
      name: "openfga",
      command,
      args: ["run"],
      folder,
      // By environment: the key is nothing to be seen in a list of processes.
      env: { ...process.env, ...data, ...settings({ http, grpc, token, key: file("key"), cert: file("crt") }) },
      isReady: () => isServing(http, cert),
      readyLimitMs: 30_000,
    });
    cleanup?.defer(() => server.stop());
    await server.start();
    return { url: `https://127.0.0.1:${http}`, caFile: file("crt"), tokenFile: file("token"), server };
  });
}

function settings(of: { http: number; grpc: number; token: string; key: string; cert: string }): NodeJS.ProcessEnv {
  return {
    OPENFGA_HTTP_ADDR: `127.0.0.1:${of.http}`,
    OPENFGA_HTTP_TLS_ENABLED: "true",
    OPENFGA_HTTP_TLS_CERT: of.cert,
    OPENFGA_HTTP_TLS_KEY: of.key,
    // Its HTTP server goes through this one.
    OPENFGA_GRPC_ADDR: `127.0.0.1:${of.grpc}`,
    OPENFGA_AUTHN_METHOD: "preshared",
    OPENFGA_AUTHN_PRESHARED_KEYS: of.token,
    OPENFGA_PLAYGROUND_ENABLED: "false",
    OPENFGA_METRICS_ENABLED: "false",
    OPENFGA_LOG_LEVEL: "warn",
  };
}

function datastore(engine: OpenFgaEngine, folder: string): NodeJS.ProcessEnv {
  if (engine === "memory") return { OPENFGA_DATASTORE_ENGINE: "memory" };
  if (engine !== "sqlite") return { OPENFGA_DATASTORE_ENGINE: "postgres", OPENFGA_DATASTORE_URI: engine.postgres };
  return {
    OPENFGA_DATASTORE_ENGINE: "sqlite",
    OPENFGA_DATASTORE_URI: `file:${join(folder, "openfga.db")}?_pragma=journal_mode(WAL)&_pragma=busy_timeout(5000)`,
  };
}

function isServing(port: number, ca: string): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request({ host: "127.0.0.1", port, path: "/healthz", ca, agent: false, timeout: 2000 }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    });
    asked.once("timeout", () => asked.destroy(new Error("no answer")));
    asked.once("error", () => resolve(false));
    asked.end();
  });
}
