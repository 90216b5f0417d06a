import { type Kubeconfig, type KubeconfigOptions, loadKubeconfig } from "../../shared/kcp/kubeconfig.ts";
import { type Client, createClient } from "../../shared/kcp/rest.ts";
import type { Views } from "./release.ts";

/** kcp as its administrator sees it. */
export interface Admin {
  readonly config: Kubeconfig;
  readonly client: Client;
  readonly views: Views;
}

/** To be closed by closing `client`; each view is its own. */
export async function connectAdmin(options: {
  readonly admin: KubeconfigOptions;
  /** Milliseconds, of each request. */
  readonly timeoutMs: number;
}): Promise<Admin> {
  const config = await loadKubeconfig(options.admin);
  const { timeoutMs } = options;
  const views = (url: string) => createClient({ config, timeoutMs, basesOf: () => [url] });
  return { config, client: createClient({ config, timeoutMs }), views };
}
