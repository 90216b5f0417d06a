import { z } from "zod";
import { createHttp, type Http } from "../../shared/kcp/http.ts";
import type { Kubeconfig } from "../../shared/kcp/kubeconfig.ts";
import type { KubeObject } from "../../shared/kcp/objects.ts";

export interface Reference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string | undefined;
}

const serviceSchema = z.looseObject({
  spec: z.looseObject({
    clusterIP: z.string().optional(),
    ports: z.array(z.looseObject({ port: z.number() })).default([]),
  }),
});
const addressableSchema = z.looseObject({
  status: z.looseObject({ address: z.looseObject({ url: z.url() }).optional() }).optional(),
});
const discoverySchema = z.looseObject({ resources: z.array(z.looseObject({ name: z.string(), kind: z.string() })) });

const timeoutMs = 10_000;

/** As much of a Kubernetes cluster as a controller of Brokers needs. */
export class Cluster {
  readonly http: Http;
  readonly server: string;
  readonly #plurals = new Map<string, string>();

  constructor(config: Kubeconfig) {
    this.http = createHttp(config);
    this.server = config.server;
  }

  /** `undefined` when it is not there. */
  async read(path: string): Promise<unknown> {
    const { status, text } = await this.http.send({ method: "GET", url: this.server + path, timeoutMs });
    if (status === 404) return undefined;
    if (status !== 200) throw new Error(`reading ${path}: ${status} ${text.slice(0, 200)}`);
    return JSON.parse(text);
  }

  async patchStatus(path: string, status: object): Promise<void> {
    const answer = await this.http.send({
      method: "PATCH",
      url: `${this.server}${path}/status`,
      body: JSON.stringify({ status }),
      contentType: "application/merge-patch+json",
      timeoutMs,
    });
    if (answer.status !== 200 && answer.status !== 404) {
      throw new Error(`patching ${path}: ${answer.status} ${answer.text.slice(0, 200)}`);
    }
  }

  /** URL of a destination (control plane, "Destination Resolution"). Throws, in words for people, when there is none. */
  async resolve(
    { ref, uri }: { readonly ref?: Reference | undefined; readonly uri?: string | undefined },
    namespace: string,
  ): Promise<string> {
    if (!ref) {
      if (uri !== undefined && URL.canParse(uri)) return uri;
      throw new Error(`"${uri ?? ""}" is no absolute URL, and there is no ref`);
    }
    const base = await this.#addressOf(ref, ref.namespace ?? namespace);
    return uri === undefined ? base : new URL(uri, base).href;
  }

  /** Where a Service with an address of its own is reached; `undefined` for one that stands for another name. */
  async clusterAddress({ hostname, port }: URL): Promise<string | undefined> {
    const [name, namespace, svc] = hostname.split(".");
    if (svc !== "svc") return undefined;
    const found = serviceSchema.safeParse(await this.read(`/api/v1/namespaces/${namespace}/services/${name}`));
    const { clusterIP, ports = [] } = found.data?.spec ?? {};
    if (!clusterIP || clusterIP === "None") return undefined;
    return `http://${clusterIP}:${port || (ports[0]?.port ?? 80)}`;
  }

  async #addressOf({ apiVersion, kind, name }: Reference, namespace: string): Promise<string> {
    if (apiVersion === "v1" && kind === "Service") {
      const found = await this.read(`/api/v1/namespaces/${namespace}/services/${name}`);
      if (!found) throw new Error(`there is no Service ${namespace}/${name}`);
      return `http://${name}.${namespace}.svc.cluster.local`;
    }
    const plural = await this.#pluralOf(apiVersion, kind);
    const found = await this.read(`/apis/${apiVersion}/namespaces/${namespace}/${plural}/${name}`);
    if (!found) throw new Error(`there is no ${kind} ${namespace}/${name}`);
    const url = addressableSchema.parse(found).status?.address?.url;
    if (url === undefined) throw new Error(`${kind} ${namespace}/${name} has no status.address.url yet`);
    return url;
  }

  async #pluralOf(apiVersion: string, kind: string): Promise<string> {
    const id = `${apiVersion} ${kind}`;
    const known = this.#plurals.get(id);
    if (known !== undefined) return known;
    const found = discoverySchema.safeParse(await this.read(`/apis/${apiVersion}`));
    const plural = found.data?.resources.find((each) => each.kind === kind && !each.name.includes("/"))?.name;
    if (plural === undefined) throw new Error(`the cluster serves no ${kind} of ${apiVersion}`);
    this.#plurals.set(id, plural);
    return plural;
  }
}

export type Annotated = KubeObject & { readonly metadata: { readonly annotations?: Readonly<Record<string, string>> } };
