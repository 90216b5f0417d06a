import { dump } from "js-yaml";

export interface Credentials {
  readonly url: string;
  /** PEM; empty with plain HTTP. */
  readonly ca: string;
}

/** The kubeconfig of the administrators, with the contexts of kcp's own: `root` and `base` for workspaces, `shard-base`
 *  and `system:admin` for everything at once. */
export function adminKubeconfig(
  server: Credentials,
  tokens: { readonly admin: string; readonly shard: string },
): string {
  const users = { "kcp-admin": tokens.admin, "shard-admin": tokens.shard };
  const contexts = {
    root: ["/clusters/root", "kcp-admin"],
    base: ["", "kcp-admin"],
    "shard-base": ["", "shard-admin"],
    "system:admin": ["/clusters/system:admin", "shard-admin"],
  } as const;
  return render(server, users, contexts);
}

/** A kubeconfig for one user and one workspace. */
export function userKubeconfig(server: Credentials, token: string, workspace: string): string {
  return render(server, { user: token }, { embedded: [`/clusters/${workspace}`, "user"] });
}

function render(
  { url, ca }: Credentials,
  users: Readonly<Record<string, string>>,
  contexts: Readonly<Record<string, readonly [path: string, user: string]>>,
): string {
  const certificate = ca ? { "certificate-authority-data": Buffer.from(ca).toString("base64") } : {};
  const entries = Object.entries(contexts);
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: entries.map(([name, [path]]) => ({ name, cluster: { server: url + path, ...certificate } })),
    users: Object.entries(users).map(([name, token]) => ({ name, user: { token } })),
    contexts: entries.map(([name, [, user]]) => ({ name, context: { cluster: name, user } })),
    "current-context": entries[0]?.[0],
  };
  return dump(config, { lineWidth: -1 });
}
