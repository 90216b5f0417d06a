import { writeFile } from "node:fs/promises";
import { dump } from "js-yaml";
import { loadKubeconfig } from "../../shared/kcp/kubeconfig.ts";

export interface KubeconfigWish {
  /** kubeconfig that says where kcp is and whom to trust; its user stays out. */
  readonly like: string;
  readonly token: string;
  /** Path of the workspace that the person starts in. */
  readonly workspace: string;
}

/** Writes the kubeconfig of somebody who has a token, for its owner alone; answers its file. */
export async function writeKubeconfig(file: string, { like, token, workspace }: KubeconfigWish): Promise<string> {
  const kcp = await loadKubeconfig({ file: like });
  const ca = Buffer.from(kcp.serverCa()).toString("base64");
  const name = "person";
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name, cluster: { server: `${kcp.server}/clusters/${workspace}`, "certificate-authority-data": ca } }],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    "current-context": name,
  };
  await writeFile(file, dump(config), { mode: 0o600 });
  return file;
}
