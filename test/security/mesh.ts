import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFga, type FgaClient } from "../../shared/fga/client.ts";
import { selfSigned } from "../../shared/self-signed.ts";
import { freePorts } from "../../tools/ports.ts";
import { BareKcp } from "../bare-kcp.ts";
import { Person } from "../e2e/person.ts";
import { Product } from "../e2e/product.ts";
import { runPm } from "../run-pm.ts";
import { startKcp, startNats, startOpenFga, type TestOpenFga, type TestServer } from "../servers.ts";

export interface SecuredOptions {
  /** More flags of `pm run`. */
  readonly args?: readonly string[];
  readonly bootstrapArgs?: readonly string[];
}

/** An installation with security on: kcp, NATS and OpenFGA, and `pm run` that kcp's authorization asks. */
export interface SecuredMesh {
  readonly bare: BareKcp;
  readonly nats: TestServer;
  readonly openFga: TestOpenFga;
  readonly fga: FgaClient;
  readonly product: Product;
  /** Acts as kcp admin. */
  readonly admin: Person;
  readonly folder: string;
  stop(): Promise<void>;
}

export async function startSecuredMesh({ args = [], bootstrapArgs = [] }: SecuredOptions = {}): Promise<SecuredMesh> {
  const folder = await mkdtemp(join(tmpdir(), "secured-"));
  const [port = 0] = await freePorts(1);
  const certificates = await serverCertificate(folder);
  const webhook = join(folder, "webhook.kubeconfig");
  const asked = await runPm([
    "authorization-config",
    `--url=https://localhost:${port}`,
    `--ca=${join(certificates, "tls.crt")}`,
  ]);
  await writeFile(webhook, asked.out);
  const [bare, nats, openFga] = await Promise.all([
    BareKcp.start(startKcp({ security: { authorizationWebhookConfig: webhook } })),
    startNats(),
    startOpenFga(),
  ]);
  const fgaFlags = [`--fga-url=${openFga.url}`, `--fga-token-file=${openFga.tokenFile}`, `--fga-ca=${openFga.caFile}`];
  const { code, err, out } = await bare.bootstrap("--security=on", "--admission=none", ...fgaFlags, ...bootstrapArgs);
  if (code !== 0) throw new Error(`pm bootstrap ended with ${code}: ${err}\n${out}`);
  const product = new Product({
    kubeconfig: bare.operatorFile,
    logFile: join(folder, "pm-run.log"),
    args: [
      `--nats-url=${nats.url}`,
      "--authorization-webhook-enabled",
      `--authorization-webhook-port=${port}`,
      `--authorization-webhook-cert-dir=${certificates}`,
      ...fgaFlags,
      "--shutdown-timeout=10s",
      ...args,
    ],
  });
  const fga = createFga(openFga);
  const admin = await Person.withKubeconfig(bare.kcp.adminKubeconfig, "base");
  return {
    bare,
    nats,
    openFga,
    fga,
    product,
    admin,
    folder,
    async stop() {
      await product.stop();
      admin.client.close();
      fga.close();
      await Promise.all([bare.stop(), nats.stop(), openFga.stop()]);
      await rm(folder, { recursive: true });
    },
  };
}

async function serverCertificate(folder: string): Promise<string> {
  const certificates = join(folder, "certificates");
  const { cert, key } = selfSigned("localhost");
  await mkdir(certificates);
  await Promise.all([writeFile(join(certificates, "tls.crt"), cert), writeFile(join(certificates, "tls.key"), key)]);
  return certificates;
}
