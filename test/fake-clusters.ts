import type { ApiResource } from "../shared/fga/resource-module.ts";
import { logicalClusterName } from "../shared/names.ts";
import type { Clusters, Marker } from "../shared/outside.ts";
import type { FakeKcp } from "./fake-kcp.ts";

const configMaps: ApiResource = {
  ...{ group: "", version: "v1", plural: "configmaps", singular: "configmap", kind: "ConfigMap", namespaced: true },
  verbs: ["create", "delete", "get", "list", "patch", "update", "watch"],
};
const fields = { initializer: "initializers", terminator: "terminators" } as const;

/** What a fake kcp shows besides the watched kinds. */
export class FakeClusters implements Clusters {
  resources: readonly ApiResource[] = [configMaps];
  /** Markers that were taken away, as `initializer acme-id`. */
  readonly released: string[] = [];
  /** Thrown by the next call of that method. */
  readonly failures = new Map<keyof Clusters, Error>();
  readonly #kcp: FakeKcp;
  readonly #marker: string;

  constructor(kcp: FakeKcp, marker: string) {
    this.#kcp = kcp;
    this.#marker = marker;
  }

  async discover() {
    this.#called("discover");
    return this.resources;
  }

  async readSecret({ cluster, name }: { readonly cluster: string; readonly name: string }) {
    this.#called("readSecret");
    const secret = this.#kcp.objects.get(`Secret ${cluster} ${name}`);
    const decode = ([key, value]: [string, unknown]) => [key, Buffer.from(String(value), "base64").toString()] as const;
    return secret && Object.fromEntries(Object.entries(secret.data ?? {}).map(decode));
  }

  async readAuthentication({ cluster, name }: { readonly cluster: string; readonly name: string }) {
    this.#called("readAuthentication");
    const found = this.#kcp.objects.get(`WorkspaceAuthenticationConfiguration ${cluster} ${name}`);
    return found && structuredClone(found.spec as object);
  }

  async releaseMarker({ cluster, marker }: { readonly cluster: string; readonly marker: Marker }) {
    this.#called("releaseMarker");
    const markers = this.#kcp.get("LogicalCluster", cluster, logicalClusterName)?.status?.[fields[marker]] ?? [];
    if (!markers.includes(this.#marker)) return;
    const kept = markers.filter((name) => name !== this.#marker);
    this.#kcp.change("LogicalCluster", cluster, logicalClusterName, { status: { [fields[marker]]: kept } });
    this.released.push(`${marker} ${cluster}`);
  }

  #called(method: keyof Clusters): void {
    const failure = this.failures.get(method);
    this.failures.delete(method);
    if (failure) throw failure;
  }
}
