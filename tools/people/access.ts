import { ApiError } from "../../shared/kcp/client.ts";
import { loadKubeconfig } from "../../shared/kcp/kubeconfig.ts";
import { type Client, createClient } from "../../shared/kcp/rest.ts";

/** How kcp answers: `ok`, or the status with which it refuses. */
export type Answer = "ok" | number;

export const clientOf = async (file: string): Promise<Client> =>
  createClient({ config: await loadKubeconfig({ file }) });

/** What becomes of a request; throws what is no answer of kcp. */
export async function answerTo(request: Promise<unknown>): Promise<Answer> {
  try {
    await request;
    return "ok";
  } catch (error) {
    if (error instanceof ApiError) return error.code;
    throw error;
  }
}

export const configMaps = { group: "", version: "v1", plural: "configmaps" } as const;

/** Puts a ConfigMap into namespace `default`. */
export function createConfigMap(client: Client, workspace: string, name: string): Promise<Answer> {
  const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "default" }, data: { by: name } };
  return answerTo(client.create(configMaps, workspace, object));
}

/** Looks for the ConfigMaps of namespace `default`. */
export const listConfigMaps = (client: Client, workspace: string): Promise<Answer> =>
  answerTo(client.readAll(configMaps, { cluster: workspace, namespace: "default" }));

export const changeConfigMap = (client: Client, workspace: string, name: string): Promise<Answer> =>
  answerTo(
    client.mergePatch(configMaps, { cluster: workspace, namespace: "default", name }, { data: { seen: "yes" } }),
  );
