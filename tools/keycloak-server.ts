import { randomUUID } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { get } from "node:https";
import { join } from "node:path";
import { selfSigned } from "../shared/self-signed.ts";
import { withoutKeycloak } from "./keycloak.ts";
import { obtain } from "./obtain.ts";
import { withFreePorts } from "./ports.ts";
import { Server, type StartOptions } from "./server.ts";

/** A running Keycloak with realm master alone. */
export interface Keycloak {
  /** Issuer of realm R is `<url>/realms/R`. */
  readonly url: string;
  /** PEM file of the certificate that it serves with, which signed itself. */
  readonly caFile: string;
  /** A service account of realm master that may do everything. */
  readonly admin: { readonly clientId: string; readonly secretFile: string };
}
export interface KeycloakServer extends Keycloak {
  readonly server: Server;
}

export async function startKeycloakServer({ folder, cleanup }: StartOptions): Promise<KeycloakServer> {
  const command = await obtain("keycloak");
  const home = join(folder, "keycloak");
  await mkdir(home, { recursive: true });
  const file = (name: string) => join(home, name);
  const { key, cert } = selfSigned("localhost");
  const secret = randomUUID();
  const clientId = "account-functions-admin";
  const secrets = { "tls.key": key, "tls.crt": cert, "admin.secret": secret };
  for (const [name, text] of Object.entries(secrets)) await writeFile(file(name), text, { mode: 0o600 });
  return withFreePorts(1, async ([port = 0]) => {
    const url = `https://127.0.0.1:${port}`;
    const args = [
      "start",
      "--optimized",
      // One process: no cluster, which would listen on more ports and take a quarter of the start.
      "--cache=local",
      `--hostname=${url}`,
      "--http-host=127.0.0.1",
      `--https-port=${port}`,
      `--https-certificate-file=${file("tls.crt")}`,
      `--https-certificate-key-file=${file("tls.key")}`,
    ];
    const env = {
      ...withoutKeycloak(),
      KEYCLOAK_HOME: home,
      KC_BOOTSTRAP_ADMIN_CLIENT_ID: clientId,
      KC_BOOTSTRAP_ADMIN_CLIENT_SECRET: secret,
    };
    const isReady = () => answers(`${url}/realms/master`, cert);
    const server = new Server({ name: "keycloak", command, args, env, folder, isReady, readyLimitMs: 180_000 });
    cleanup?.defer(() => server.stop());
    await server.start();
    return { url, caFile: file("tls.crt"), admin: { clientId, secretFile: file("admin.secret") }, server };
  });
}

function answers(url: string, ca: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get(url, { ca, timeout: 5000, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.once("timeout", () => request.destroy());
    request.once("error", () => resolve(false));
  });
}
