import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { dump } from "js-yaml";
import type { KeycloakConfig } from "../shared/identity/config.ts";
import { type Keycloak, startKeycloakServer } from "./keycloak-server.ts";
import { type OpenFga, startOpenFgaServer } from "./openfga-server.ts";
import { configFor, ensureWelcomeRealm, type WelcomeRealm, type WelcomeUser } from "./people/welcome-realm.ts";
import { withProgress } from "./progress.ts";
import type { AuthorizationWebhook } from "./security-webhook.ts";
import type { Server, StartOptions } from "./server.ts";
import { type Mailbox, startMailbox } from "./smtp-double.ts";

/** What makes a kcp with accounts a secured one, and how commands of `pm` are told of it. */
export interface Security {
  readonly flags: { readonly bootstrap: readonly string[]; readonly run: readonly string[] };
  /** Environment with which `pm can` and the like find OpenFGA, as `NAME=value`. */
  readonly env: readonly string[];
  readonly openFga: Omit<OpenFga, "server">;
  readonly keycloak: Keycloak;
  /** Gets the mails that Keycloak sends. */
  readonly mailbox: Mailbox;
  /** Where people log in who have no org yet, and who they are. */
  readonly welcome: WelcomeRealm & { readonly users: readonly WelcomeUser[] };
  /** Those that run apart from the product. */
  readonly servers: readonly Server[];
}

/** People who have no org yet. */
export const people = { alice: "alice@example.com", carol: "carol@example.com" } as const;

export interface SecurityOptions extends Required<StartOptions> {
  readonly webhook: AuthorizationWebhook;
}

/** OpenFGA, Keycloak and a mailbox, with realm `welcome`. kcp is started beside them, with the webhook's file. */
export async function startSecurity({ webhook, ...options }: SecurityOptions): Promise<Security> {
  const mailbox = await startMailbox();
  options.cleanup.defer(() => mailbox.stop());
  const [openFga, keycloak] = await Promise.all([startOpenFgaServer(options), startKeycloakServer(options)]);
  const config = configFor(keycloak, {
    smtp: { host: "127.0.0.1", port: mailbox.port, from: "accounts@example.com", encryption: "none" },
  });
  const users = Object.values(people).map((email) => ({ email, password: randomUUID() }));
  const welcome = await withProgress("making realm welcome", () => ensureWelcomeRealm(config, { users }));
  return {
    flags: {
      bootstrap: [...bootstrapFlags(welcome, keycloak), ...fgaFlags(openFga)],
      run: [...(await runFlags(config, { folder: options.folder, keycloak, webhook })), ...fgaFlags(openFga)],
    },
    env: [`FGA_URL=${openFga.url}`, `FGA_TOKEN_FILE=${openFga.tokenFile}`, `FGA_CA=${openFga.caFile}`],
    openFga,
    keycloak,
    mailbox,
    welcome: { ...welcome, users },
    servers: [openFga.server, keycloak.server],
  };
}

const fgaFlags = ({ url, tokenFile, caFile }: OpenFga) => [
  `--fga-url=${url}`,
  `--fga-token-file=${tokenFile}`,
  `--fga-ca=${caFile}`,
];

const bootstrapFlags = ({ issuer, kubectl, portal }: WelcomeRealm, { caFile }: Keycloak) => [
  "--security=on",
  `--welcome-issuer-url=${issuer}`,
  `--welcome-audience=${kubectl.clientId}`,
  `--welcome-audience=${portal.clientId}`,
  `--welcome-ca=${caFile}`,
];

interface RunOptions {
  readonly folder: string;
  readonly keycloak: Keycloak;
  readonly webhook: AuthorizationWebhook;
}
async function runFlags(config: KeycloakConfig, { folder, keycloak, webhook }: RunOptions): Promise<readonly string[]> {
  const idpConfig = join(folder, "idp.yaml");
  await writeFile(idpConfig, dump(config));
  return [
    `--idp-config=${idpConfig}`,
    `--issuer-ca=${keycloak.caFile}`,
    "--authorization-webhook-enabled",
    `--authorization-webhook-port=${webhook.port}`,
    `--authorization-webhook-cert-dir=${webhook.certDir}`,
  ];
}
