import { readFile } from "node:fs/promises";
import { authorizePath } from "../eventing/authorization/server.ts";
import { defineCommand } from "./command.ts";
import { exit, UsageError } from "./errors.ts";
import { print } from "./output.ts";
import { toYaml } from "./yaml.ts";

const where = "pm authorization-config";

export default defineCommand({
  name: "authorization-config",
  summary: "The file by which kcp asks the authorization webhook",
  description: `Prints what kcp start takes as --authorization-webhook-config-file. kcp reads it once, at its start; the webhook itself may
come later: until it answers, kcp goes by its RBAC alone.
Give kcp these flags too, or a revoked role works for minutes: --authorization-webhook-version=v1
--authorization-webhook-cache-authorized-ttl=2s --authorization-webhook-cache-unauthorized-ttl=2s`,
  options: {
    url: { type: "string", description: "the webhook as kcp reaches it, as https://account-functions:9444" },
    ca: { type: "string", description: "file with the certificates that the webhook is trusted by" },
  },
  examples: [
    {
      run: "pm authorization-config --url https://account-functions:9444 --ca ca.crt > authorization.kubeconfig",
      does: "writes the file",
    },
  ],
  async run({ options: { url, ca, output } }, io) {
    if (!url || !ca) throw new UsageError("--url and --ca are needed", { where, next: `${where} --help` });
    const config = configOf(serverOf(url), await certificates(ca));
    const yaml = () => toYaml(config);
    print(io, output, config, { table: yaml, name: () => `${config["current-context"]}\n` });
    return exit.ok;
  },
});

/** kcp takes https alone. */
function serverOf(text: string): string {
  const url = URL.parse(text);
  if (url?.protocol !== "https:") {
    throw new UsageError(`--url: "${text}" is no https URL`, { where, next: "as https://account-functions:9444" });
  }
  if (url.pathname === "/") url.pathname = authorizePath;
  return url.href;
}

async function certificates(file: string): Promise<string> {
  const pem = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new UsageError(`--ca: cannot read ${file}`, { where, why: String(cause), cause });
  });
  if (pem.includes("-----BEGIN CERTIFICATE-----")) return Buffer.from(pem).toString("base64");
  throw new UsageError(`--ca: ${file} holds no certificate`, { where, next: "give a PEM file" });
}

function configOf(server: string, ca: string) {
  const [cluster, user, name] = ["account-functions", "kcp", "account-functions"];
  return {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: cluster, cluster: { server, "certificate-authority-data": ca } }],
    users: [{ name: user, user: {} }],
    contexts: [{ name, context: { cluster, user } }],
    "current-context": name,
  };
}
