import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { selfSigned } from "../shared/self-signed.ts";
import { answersOk } from "./answers-ok.ts";
import { obtain } from "./obtain.ts";
import { type Place, thisMachine } from "./place.ts";
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

export interface OpenFgaOptions {
  readonly engine?: OpenFgaEngine | undefined;
  /** Where it runs; this machine unless given. Elsewhere it is called by a name, since its certificate has no other
   *  address than 127.0.0.1. */
  readonly elsewhere?: { readonly place: Place; readonly name: string } | undefined;
}

export async function startOpenFgaServer(
  { folder, cleanup }: StartOptions,
  { engine = "memory", elsewhere }: OpenFgaOptions = {},
): Promise<OpenFga> {
  // In a network of its own it may listen everywhere.
  const { place, name, address } = elsewhere
    ? { ...elsewhere, address: "0.0.0.0" }
    : { place: thisMachine, name: "localhost", address: "127.0.0.1" };
  const program = await obtain("openfga");
  const { key, cert } = selfSigned(name);
  const token = randomBytes(24).toString("base64url");
  const file = (part: string) => join(folder, `openfga.${part}`);
  const secret = { mode: 0o600 };
  await Promise.all([
    writeFile(file("key"), key, secret),
    writeFile(file("crt"), cert),
    writeFile(file("token"), token, secret),
  ]);
  const data = datastore(engine, folder);
  if (engine !== "memory") await runCommand(program, ["migrate"], { cwd: folder, env: { ...process.env, ...data } });
  return withFreePorts(2, async ([http = 0, grpc = 0]) => {
    const server = new Server({
      name: "openfga",
      ...place.wrap(program, ["run"]),
      folder,
      // By environment: the key is nothing to be seen in a list of processes.
      env: {
        ...process.env,
        ...data,
        ...settings({ address, http, grpc, token, key: file("key"), cert: file("crt") }),
      },
      isReady: () => answersOk(place, { port: http, path: "/healthz", ca: cert }),
      readyLimitMs: 30_000,
    });
    cleanup?.defer(() => server.stop());
    await server.start();
    return {
      url: `https://${elsewhere ? name : "127.0.0.1"}:${http}`,
      caFile: file("crt"),
      tokenFile: file("token"),
      server,
    };
  });
}

interface Listening {
  readonly address: string;
  readonly http: number;
  readonly grpc: number;
  readonly token: string;
  readonly key: string;
  readonly cert: string;
}

function settings(of: Listening): NodeJS.ProcessEnv {
  return {
    OPENFGA_HTTP_ADDR: `${of.address}:${of.http}`,
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
