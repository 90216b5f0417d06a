import { readFile, rename, rm, writeFile } from "node:fs/promises";
import type { Call } from "../../shared/kcp/client.ts";
import { type Kubeconfig, loadKubeconfig } from "../../shared/kcp/kubeconfig.ts";
import { createClient } from "../../shared/kcp/rest.ts";
import { CliError, UsageError } from "../errors.ts";
import { whoAmI } from "../who-am-i.ts";
import { toYaml } from "../yaml.ts";
import { systemWorkspace } from "./manifests.ts";

/** The group whose members have the rights of the functions. */
export const operatorGroup = "platform-mesh-operators";

/** Files with the credentials of an identity that every workspace knows; a workspace's own ServiceAccount cannot create
 *  workspaces (kcp-facts V23). */
export interface CredentialFiles {
  readonly token?: string | undefined;
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
}
type User = Readonly<Record<string, string>>;

/** The user entry of a kubeconfig; `undefined` when no credentials are given. Throws UsageError. */
export async function readCredentials({ token, certificate, key }: CredentialFiles): Promise<User | undefined> {
  const next = "pm bootstrap --help";
  if (token && (certificate || key)) {
    throw new UsageError("give either --operator-token-file or a client certificate, not both", { next });
  }
  if (token) return { token: (await contentOf(token)).trim() };
  if (!certificate && !key) return undefined;
  if (!certificate || !key) {
    throw new UsageError("--operator-client-certificate and --operator-client-key belong together", { next });
  }
  const [cert, secret] = await Promise.all([contentOf(certificate), contentOf(key)]);
  return { "client-certificate-data": base64(cert), "client-key-data": base64(secret) };
}

async function contentOf(file: string): Promise<string> {
  return readFile(file, "utf8").catch((cause: unknown) => {
    throw new UsageError(`cannot read ${file}`, { why: String(cause), cause });
  });
}
const base64 = (text: string) => Buffer.from(text).toString("base64");

/** Writes a kubeconfig for the functions once kcp has accepted its credentials; answers the user name. The file appears
 *  whole or not at all, readable by its owner only. */
export async function writeOperatorKubeconfig(
  admin: Kubeconfig,
  user: User,
  file: string,
  call: Call,
): Promise<string> {
  const draft = `${file}.${process.pid}.new`;
  await writeFile(draft, toYaml(kubeconfigOf(admin, user)), { mode: 0o600 });
  try {
    const name = await checkOperator(draft, call);
    await rename(draft, file);
    return name;
  } finally {
    await rm(draft, { force: true });
  }
}

/** The user name behind a kubeconfig of the functions; throws a CliError when it is the wrong kind of user. */
export async function checkOperator(file: string, call: Call): Promise<string> {
  const client = createClient({ config: await loadKubeconfig({ file }) });
  try {
    const { username, groups } = await whoAmI(client, call);
    if (groups.includes(operatorGroup)) return username;
    throw new CliError(`the operator's user ${username} is not in group ${operatorGroup}`, {
      why: `kcp sees the groups ${groups.join(", ")}`,
      next: `add the group where the user is defined: the token file of kcp, or O=${operatorGroup} in the certificate`,
    });
  } finally {
    client.close();
  }
}

function kubeconfigOf({ server, serverCa }: Kubeconfig, user: User): object {
  const name = "account-functions";
  const ca = serverCa();
  const cluster = {
    server: `${server}/clusters/${systemWorkspace}`,
    // As data: the functions copy it into every AccountInfo (002-F58), wherever they run.
    ...(ca && { "certificate-authority-data": base64(ca) }),
  };
  return {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name, cluster }],
    users: [{ name, user }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    "current-context": name,
  };
}
