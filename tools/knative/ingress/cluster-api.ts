import { createInterface } from "node:readline";
import { z } from "zod";
import { createHttp, type Http } from "../../../shared/kcp/http.ts";
import { type Kubeconfig, loadKubeconfig } from "../../../shared/kcp/kubeconfig.ts";

const timeoutMs = 10_000;
const list = z.looseObject({ metadata: z.looseObject({ resourceVersion: z.string() }), items: z.array(z.unknown()) });
const change = z.looseObject({ type: z.string(), object: z.unknown() });

export interface Follower {
  onListed(items: readonly unknown[]): void;
  onChange(type: string, item: unknown): void;
}

/** The few requests that the ingress makes of the API server. */
export class ClusterApi {
  readonly #config: Kubeconfig;
  readonly #http: Http;

  private constructor(config: Kubeconfig) {
    this.#config = config;
    this.#http = createHttp(config);
  }

  static async connect(kubeconfig: string): Promise<ClusterApi> {
    return new ClusterApi(await loadKubeconfig({ file: kubeconfig }));
  }

  /** `undefined` when it does not exist. */
  async read(path: string): Promise<unknown> {
    const response = await this.#http.send({ method: "GET", url: this.#config.server + path, timeoutMs });
    if (response.status === 404) return undefined;
    if (response.status !== 200) throw new Error(`GET ${path}: ${response.status} ${response.text}`);
    return JSON.parse(response.text);
  }

  async patch(path: string, content: object): Promise<void> {
    const { status, text } = await this.#http.send({
      method: "PATCH",
      url: this.#config.server + path,
      body: JSON.stringify(content),
      contentType: "application/merge-patch+json",
      timeoutMs,
    });
    if (status !== 200 && status !== 404) throw new Error(`PATCH ${path}: ${status} ${text}`);
  }

  /** Lists and then watches until the server ends it. */
  async follow(path: string, { onListed, onChange }: Follower): Promise<void> {
    const { metadata, items } = list.parse(await this.read(path));
    onListed(items);
    const query = new URLSearchParams({ watch: "1", resourceVersion: metadata.resourceVersion, timeoutSeconds: "300" });
    const url = `${this.#config.server}${path}?${query}`;
    const stream = await this.#http.open({ method: "GET", url, timeoutMs });
    for await (const line of createInterface({ input: stream })) {
      const { type, object } = change.parse(JSON.parse(line));
      // The version that we knew is gone: list again.
      if (type === "ERROR") return;
      onChange(type, object);
    }
  }
}
