import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFga, type FgaClient } from "../../shared/fga/client.ts";
import type { IdentityConfig } from "../../shared/identity/config.ts";
import { freePorts } from "../../tools/ports.ts";
import { type Mailbox, startMailbox } from "../../tools/smtp-double.ts";
import { BareKcp } from "../bare-kcp.ts";
import { natsBus, type TestBus } from "../e2e/buses.ts";
import { Person } from "../e2e/person.ts";
import { Product } from "../e2e/product.ts";
import { runPm } from "../run-pm.ts";
import { writeServerCertificate } from "../server-certificate.ts";
import {
  startKcp,
  startKeycloak,
  startNats,
  startOpenFga,
  type TestKeycloak,
  type TestOpenFga,
  type TestServer,
} from "../servers.ts";
import { People } from "./people.ts";

/** An installation with security on: kcp, NATS, OpenFGA and Keycloak with a mail server, and `pm run`, which kcp's
 *  authorization asks. */
export interface SecuredMesh {
  readonly bare: BareKcp;
  readonly nats: TestServer;
  readonly bus: TestBus;
  readonly openFga: TestOpenFga;
  readonly fga: FgaClient;
  readonly keycloak: TestKeycloak;
  readonly mailbox: Mailbox;
  readonly people: People;
  readonly product: Product;
  /** Acts as kcp admin. */
  readonly admin: Person;
  readonly folder: string;
  /** By which functions reach OpenFGA and Keycloak. */
  readonly flags: readonly string[];
  stop(): Promise<void>;
}

export async function startSecuredMesh(): Promise<SecuredMesh> {
  const folder = await mkdtemp(join(tmpdir(), "secured-"));
  const file = (name: string) => join(folder, name);
  const [port = 0] = await freePorts(1);
  const certificates = file("certificates");
  const ca = `--ca=${await writeServerCertificate(certificates)}`;
  const webhook = await runPm(["authorization-config", `--url=https://localhost:${port}`, ca]);
  await writeFile(file("webhook.kubeconfig"), webhook.out);
  const [bare, nats, openFga, keycloak, mailbox] = await Promise.all([
    BareKcp.start(startKcp({ security: { authorizationWebhookConfig: file("webhook.kubeconfig") } })),
    startNats(),
    startOpenFga(),
    startKeycloak(),
    startMailbox(),
  ]);
  const identity = identityOf(keycloak, mailbox);
  await writeFile(file("idp.yaml"), JSON.stringify(identity));
  const people = new People({ identity, keycloak, mailbox, bare });
  const welcome = await people.welcome();
  const fgaFlags = [`--fga-url=${openFga.url}`, `--fga-token-file=${openFga.tokenFile}`, `--fga-ca=${openFga.caFile}`];
  const { code, err, out } = await bare.bootstrap(
    "--security=on",
    "--admission=none",
    `--welcome-issuer-url=${welcome.issuer}`,
    `--welcome-audience=${welcome.clientId}`,
    `--welcome-ca=${keycloak.caFile}`,
    ...fgaFlags,
  );
  if (code !== 0) throw new Error(`pm bootstrap ended with ${code}: ${err}\n${out}`);
  const flags = [...fgaFlags, `--idp-config=${file("idp.yaml")}`, `--issuer-ca=${keycloak.caFile}`];
  const bus = natsBus(nats);
  const product = new Product({
    kubeconfig: bare.operatorFile,
    logFile: file("pm-run.log"),
    args: [
      ...bus.flags,
      "--authorization-webhook-enabled",
      `--authorization-webhook-port=${port}`,
      `--authorization-webhook-cert-dir=${certificates}`,
      ...flags,
      "--log-level=debug",
      "--shutdown-timeout=10s",
    ],
  });
  const fga = createFga(openFga);
  const admin = await Person.withKubeconfig(bare.kcp.adminKubeconfig, "base");
  return {
    ...{ bare, nats, bus, openFga, fga, keycloak, mailbox, people, product, admin, folder, flags },
    async stop() {
      await product.stop();
      admin.client.close();
      fga.close();
      await Promise.all([bare.stop(), nats.stop(), openFga.stop(), keycloak.stop(), mailbox.stop()]);
      await rm(folder, { recursive: true });
    },
  };
}

const identityOf = (keycloak: TestKeycloak, { port }: Mailbox): IdentityConfig => ({
  kind: "keycloak",
  url: keycloak.url,
  caFile: keycloak.caFile,
  admin: keycloak.admin,
  realm: { smtp: { host: "127.0.0.1", port, from: "mesh@example.com", encryption: "none" } },
});
