import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { selfSigned } from "../shared/self-signed.ts";
import { root } from "./paths.ts";
import { freePorts } from "./ports.ts";
import { runCommand } from "./run-command.ts";

/** Where `pm run` serves the authorization webhook, and the file by which kcp finds it. */
export interface AuthorizationWebhook {
  readonly port: number;
  /** Holds tls.crt and tls.key. */
  readonly certDir: string;
  /** As `pm authorization-config` writes it: kcp reads it at its start, when the webhook need not be there yet. */
  readonly configFile: string;
}

export async function prepareWebhook(folder: string): Promise<AuthorizationWebhook> {
  const certDir = join(folder, "authorization-certs");
  const file = (name: string) => join(certDir, name);
  const configFile = join(folder, "authorization.kubeconfig");
  const { cert, key } = selfSigned("localhost");
  await mkdir(certDir);
  await writeFile(file("tls.crt"), cert);
  await writeFile(file("tls.key"), key, { mode: 0o600 });
  const [port = 0] = await freePorts(1);
  const flags = [`--url=https://localhost:${port}`, `--ca=${file("tls.crt")}`];
  await writeFile(configFile, await runCommand(join(root, "bin", "pm"), ["authorization-config", ...flags]));
  return { port, certDir, configFile };
}
