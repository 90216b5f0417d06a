import { readFile } from "node:fs/promises";
import type { Call } from "../../shared/kcp/client.ts";
import type { Kubeconfig } from "../../shared/kcp/kubeconfig.ts";
import { createClient } from "../../shared/kcp/rest.ts";
import { UsageError } from "../errors.ts";
import { fieldManager } from "./plan.ts";

/** Where kubelet mounts what a pod may know about its cluster. */
const mountedFolder = "/var/run/secrets/kubernetes.io/serviceaccount";
/** Key that the charts mount. */
const key = "kubeconfig";

/** A Secret of the cluster that this pod runs in. */
export interface OperatorSecret {
  /** `<namespace>/<name>`. */
  readonly title: string;
  /** Makes the Secret, or changes it. */
  write(kubeconfig: string, call: Call): Promise<void>;
}
interface Pod {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Holds token, ca.crt and namespace. */
  readonly folder?: string;
}

/** `[NAMESPACE/]NAME`, by the rights of the pod's ServiceAccount. Throws UsageError outside a pod. */
export async function openOperatorSecret(text: string, { env, folder = mountedFolder }: Pod): Promise<OperatorSecret> {
  const [, given, name] = /^(?:([a-z0-9-]+)\/)?([a-z0-9.-]+)$/.exec(text) ?? [];
  if (!name) throw usage(`"${text}" names no Secret, as account-operator-kubeconfig`);
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = "443" } = env;
  const [token, ca, own] = await Promise.all(["token", "ca.crt", "namespace"].map((file) => contentOf(folder, file)));
  if (!host || !token || !ca || !own) {
    throw usage(`this is no pod with the token of a ServiceAccount in ${folder}`);
  }
  const namespace = given ?? own.trim();
  const title = `${namespace}/${name}`;
  const config = {
    context: "pod",
    // An IPv6 address has no brackets in the variable.
    server: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
    workspace: undefined,
    serverCa: () => ca,
    tls: { ca },
    headers: async () => ({ authorization: `Bearer ${token.trim()}` }),
  };
  return { title, write: (kubeconfig, call) => apply(config, { namespace, name }, { kubeconfig, call }) };
}

async function apply(
  config: Kubeconfig,
  metadata: { readonly namespace: string; readonly name: string },
  { kubeconfig, call }: { readonly kubeconfig: string; readonly call: Call },
): Promise<void> {
  const { namespace, name } = metadata;
  const query = new URLSearchParams({ fieldManager, force: "true" });
  const data = { [key]: Buffer.from(kubeconfig).toString("base64") };
  const client = createClient({ config });
  try {
    await client.request(
      {
        method: "PATCH",
        path: `/api/v1/namespaces/${namespace}/secrets/${name}?${query}`,
        contentType: "application/apply-patch+yaml",
        body: { apiVersion: "v1", kind: "Secret", metadata, type: "Opaque", data },
        doing: `applying Secret ${namespace}/${name} in the cluster of this pod`,
      },
      call,
    );
  } finally {
    client.close();
  }
}

const usage = (what: string) =>
  new UsageError(`--operator-secret: ${what}`, {
    next: "run it in a pod, as the chart does, or use --operator-kubeconfig and kubectl create secret generic",
  });

async function contentOf(folder: string, file: string): Promise<string | undefined> {
  return readFile(`${folder}/${file}`, "utf8").catch(() => undefined);
}
